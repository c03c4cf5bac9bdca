/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of /proc/self/mountinfo. */
#include "config.h"

#include "common/mountinfo.h"
#include "common/file.h"
#include "common/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

/* What initfs-overlay mounts has that source. */
#define OVERLAY_SOURCE "initfs"

/* The next field of *rest, or NULL where there is none or it is empty. */
static char *raw_field(char **rest)
{
	char *text = strsep(rest, " ");

	return text && *text ? text : NULL;
}

static char *field(char **rest)
{
	char *text = raw_field(rest);

	if (text)
		unescape_octal(text);
	return text;
}

static int parse_device(char *text, struct mountinfo *info)
{
	const char *major = strsep(&text, ":");
	uint64_t numbers[2];

	if (!text || parse_number(major, UINT_MAX, &numbers[0]) < 0 ||
	    parse_number(text, UINT_MAX, &numbers[1]) < 0)
		return -EINVAL;
	info->major = (unsigned int)numbers[0];
	info->minor = (unsigned int)numbers[1];
	return 0;
}

/* "36 35 98:0 ": what the kernel knows a mount by. */
static int parse_numbers(char **rest, struct mountinfo *info)
{
	const char *id = raw_field(rest);
	const char *parent = raw_field(rest);
	char *device = raw_field(rest);

	if (!id || !parent || !device || parse_number(id, UINT64_MAX, &info->id) < 0 ||
	    parse_number(parent, UINT64_MAX, &info->parent) < 0)
		return -EINVAL;
	return parse_device(device, info);
}

/* 36 35 98:0 /root /target options optional… - type source super */
int mountinfo_parse(char *line, struct mountinfo *ret_info)
{
	struct mountinfo info;
	const char *optional;
	char *source;

	if (parse_numbers(&line, &info) < 0)
		return -EINVAL;
	info.root = field(&line);
	info.target = field(&line);
	info.options = raw_field(&line);
	do
		optional = raw_field(&line);
	while (optional && strcmp(optional, "-") != 0);
	info.type = field(&line);
	source = strsep(&line, " "); /* empty where a mount has none */
	info.super = raw_field(&line);
	if (!info.root || !info.target || !info.options || !optional || !info.type || !source ||
	    !info.super)
		return -EINVAL;
	unescape_octal(source);
	info.source = source;
	*ret_info = info;
	return 0;
}

bool mountinfo_is_view(const struct mountinfo *mount)
{
	return strcmp(mount->type, MOUNTINFO_VIEW) == 0 ||
	       (strcmp(mount->type, "overlay") == 0 && strcmp(mount->source, OVERLAY_SOURCE) == 0);
}

bool mountinfo_next(char **text, struct mountinfo *ret_info)
{
	char *line;

	while ((line = strsep(text, "\n")))
		if (mountinfo_parse(line, ret_info) == 0)
			return true;
	return false;
}

int mountinfo_read(char **ret_text)
{
	ssize_t length = file_read(AT_FDCWD, MOUNTINFO_PATH, MOUNTINFO_MAX, ret_text);

	return length < 0 ? (int)length : 0;
}
