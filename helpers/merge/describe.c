/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a merge is going to do. */
#include "config.h"

#include "merge/describe.h"
#include "merge/leaf.h"

#include <limits.h>
#include <sys/stat.h>

static const char *verb(const struct change *change)
{
	switch (change->kind) {
	case CHANGE_ENTER:
	case CHANGE_UPDATE:
		return change->move ? "rename " : "update ";
	case CHANGE_DELETE:
		return "delete ";
	case CHANGE_PLACE:
		if (change->lower)
			return "replace";
		return "create ";
	case CHANGE_INSIDE:
		break;
	}
	return "create ";
}

/* A name may hold a newline, and one change is one line. Not inlined: a path for each level. */
__attribute__((noinline)) static void print_path(FILE *to, const struct change *change)
{
	char buffer[PATH_MAX];
	const char *path = tree_path(change, NULL, buffer, sizeof(buffer));

	for (; *path; path++) {
		if ((unsigned char)*path < ' ' || *path == 0x7f || *path == '\\')
			(void)fprintf(to, "\\x%02x", (unsigned char)*path);
		else
			(void)fputc(*path, to);
	}
}

static void describe(FILE *to, struct change *change)
{
	struct leaf_walk leaves;
	struct change *child;

	(void)fprintf(to, "%s ", verb(change));
	print_path(to, change);
	(void)fputs(S_ISDIR(change->stamp.mode) || !change->parent ? "/\n" : "\n", to);
	for (child = change->children; child; child = child->next)
		describe(to, child);
	for (child = leaf_first(&leaves, change); child; child = leaf_next(&leaves))
		describe(to, child);
}

void describe_layer(FILE *to, const struct layer *layer)
{
	describe(to, layer->tree.root);
}
