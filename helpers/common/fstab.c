/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of fstab(5). */
#include "config.h"

#include "common/fstab.h"
#include "common/parse.h"

#include <string.h>

/* Fields are separated by blanks; one that is missing is "". */
static char *field(char **rest)
{
	char *start = *rest + strspn(*rest, " \t");
	char *end = start + strcspn(start, " \t");

	*rest = *end ? end + 1 : end;
	*end = '\0';
	unescape_octal(start);
	return start;
}

static void cut_slashes(char *path)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
}

static bool parse_line(char *line, struct fstab_line *ret_line)
{
	size_t length = strlen(line);
	struct fstab_line fields;
	char *target;

	/* libmount forgives an editor of DOS. */
	if (length && line[length - 1] == '\r')
		line[length - 1] = '\0';
	line += strspn(line, " \t");
	if (*line == '#')
		return false;
	fields.source = field(&line);
	target = field(&line);
	fields.target = target;
	fields.type = field(&line);
	fields.options = field(&line);
	if (!*fields.type)
		return false;
	cut_slashes(target);
	*ret_line = fields;
	return true;
}

bool fstab_next(char **text, struct fstab_line *ret_line)
{
	char *line;

	while ((line = strsep(text, "\n")))
		if (parse_line(line, ret_line))
			return true;
	return false;
}
