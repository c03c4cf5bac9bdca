/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of /proc/PID/mountinfo. */
#include "config.h"

#include "passthrough/mountinfo.h"

#include "common/parse.h"

#include <errno.h>
#include <string.h>

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* The kernel writes space, tab, newline and backslash as \ooo. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; to++) {
		if (*text == '\\' && is_octal(text[1]) && is_octal(text[2]) && is_octal(text[3])) {
			*to = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = '\0';
}

/* The next field of *rest, unescaped, or NULL. */
static char *field(char **rest)
{
	char *text = strsep(rest, " ");

	if (!text || !*text)
		return NULL;
	unescape(text);
	return text;
}

int mountinfo_parse(char *line, struct mountinfo *ret_info)
{
	struct mountinfo info;
	const char *id = field(&line);
	const char *parent = field(&line);
	const char *options;

	info.device = field(&line);
	info.root = field(&line);
	info.path = field(&line);
	options = field(&line);
	if (!id || !parent || !info.device || !info.root || !info.path || !options)
		return -EINVAL;
	/* Any number of optional fields, ended by a dash. */
	do
		options = field(&line);
	while (options && strcmp(options, "-") != 0);
	info.type = field(&line);
	info.source = line ? line : "";
	if (!options || !info.type)
		return -EINVAL;
	info.source = strsep(&line, " "); /* may be empty: a mount without a source */
	if (!info.source || parse_number(id, UINT64_MAX, &info.id) < 0 ||
	    parse_number(parent, UINT64_MAX, &info.parent) < 0)
		return -EINVAL;
	*ret_info = info;
	return 0;
}

bool is_path_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (length == 1)
		return path[1] != '\0';
	return strncmp(path, directory, length) == 0 && path[length] == '/';
}
