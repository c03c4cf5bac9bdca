/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of directories and of file systems. */
#include "config.h"

#include "merge/list.h"
#include "merge/mounts.h"
#include "common/parse.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int take_entry(struct list *list, char *line)
{
	char *tab = strchr(line, '\t');
	uint64_t number;

	if (!tab || list->count == LIST_MAX)
		return -EINVAL;
	*tab = '\0';
	if (parse_number(line, UINT32_MAX, &number) < 0 || !is_clean_path(tab + 1) || !tab[2])
		return -EINVAL;
	list->entries[list->count++] = (struct list_entry){ (unsigned int)number, tab + 1 };
	return 0;
}

int list_parse(struct list *list, char *text)
{
	char *rest = text;
	char *line;

	*list = (struct list){ .text = text };
	while ((line = strsep(&rest, "\n")))
		if (*line && take_entry(list, line) < 0)
			return -EINVAL;
	return list->count ? 0 : -EINVAL;
}

void list_free(struct list *list)
{
	free(list->text);
	*list = (struct list){ 0 };
}

/* fstab's fields are separated by blanks; one that is missing is "". */
static char *field(char **rest)
{
	char *start = *rest + strspn(*rest, " \t");
	char *end = start + strcspn(start, " \t");

	*rest = *end ? end + 1 : end;
	*end = '\0';
	return start;
}

static bool is_network(const char *type)
{
	static const char *const types[] = { "nfs",  "nfs4", "cifs", "smb3",
					     "ceph", "9p",   "afs",  "glusterfs" };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return strncmp(type, "fuse.", 5) == 0;
}

/* What init's mountall mounts by itself, early, and does not do without. */
static bool is_certain(const char *type, const char *options)
{
	return !is_network(type) && !mounts_has_option(options, "_netdev") &&
	       !mounts_has_option(options, "nofail");
}

enum list_need list_need(const struct list *list, char *line, const char **ret_target)
{
	char *rest = line;
	const char *source = field(&rest);
	char *target = field(&rest);
	const char *type = field(&rest);
	const char *options = field(&rest);
	size_t i;

	if (!*source || *source == '#')
		return NEED_NOT;
	mounts_unescape(target);
	*ret_target = target;
	if (*target != '/' || strcmp(type, "swap") == 0 || mounts_has_option(options, "noauto"))
		return NEED_NOT;
	for (i = 0; i < list->count; i++)
		if (is_at_or_below(list->entries[i].directory, target))
			return NEED_REQUIRED;
	if (!is_certain(type, options))
		return NEED_NOT;
	for (i = 0; i < list->count; i++)
		if (is_at_or_below(target, list->entries[i].directory))
			return NEED_WANTED;
	return NEED_NOT;
}
