/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of /proc/self/mountinfo. */
#include "config.h"

#include "merge/mounts.h"
#include "common/parse.h"

#include <errno.h>
#include <string.h>

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

void mounts_unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (text[0] == '\\' && is_octal(text[1]) && is_octal(text[2]) &&
		    is_octal(text[3])) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/* Cuts the next field off *rest; NULL where there is none. */
static char *field(char **rest)
{
	char *start = *rest;
	char *end;

	if (!start || !*start)
		return NULL;
	end = start + strcspn(start, " ");
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return start;
}

static char *text_field(char **rest)
{
	char *text = field(rest);

	if (text)
		mounts_unescape(text);
	return text;
}

int mounts_parse(char *line, struct mount_line *ret_mount)
{
	struct mount_line mount = { 0 };
	char *rest = line;
	const char *id = field(&rest);
	const char *parent = field(&rest);
	const char *optional;

	if (!id || !parent || parse_number(id, UINT64_MAX, &mount.id) < 0 ||
	    parse_number(parent, UINT64_MAX, &mount.parent) < 0 || !field(&rest))
		return -EINVAL;
	mount.root = text_field(&rest);
	mount.target = text_field(&rest);
	mount.options = field(&rest);
	do
		optional = field(&rest);
	while (optional && strcmp(optional, "-") != 0);
	mount.type = text_field(&rest);
	mount.source = text_field(&rest);
	/* Not unescaped: a comma inside of a value has to stay what it is until it is cut out. */
	mount.super = field(&rest);
	if (!mount.root || !mount.target || !mount.options || !mount.type || !mount.source ||
	    !mount.super)
		return -EINVAL;
	*ret_mount = mount;
	return 0;
}

bool mounts_has_option(const char *options, const char *option)
{
	size_t length = strlen(option);

	while (*options) {
		size_t n = strcspn(options, ",");

		if (n == length && strncmp(options, option, n) == 0)
			return true;
		options += n + (options[n] == ',');
	}
	return false;
}

/* The length of an option: to the comma that no backslash stands before. */
static size_t option_length(const char *option)
{
	size_t n = 0;

	while (option[n] && option[n] != ',')
		n += option[n] == '\\' && option[n + 1] ? 2 : 1;
	return n;
}

/* Undoes mountinfo's \ooo, then overlayfs's own backslashes. */
static void unescape_value(char *value)
{
	char *to = value;

	mounts_unescape(value);
	while (*value) {
		if (*value == '\\' && value[1])
			value++;
		*to++ = *value++;
	}
	*to = '\0';
}

bool mounts_next_value(const char **at, const char *key, char *value, size_t size)
{
	size_t key_length = strlen(key);

	while (**at) {
		const char *option = *at;
		size_t n = option_length(option);

		*at += n + (option[n] == ',');
		if (n < key_length || strncmp(option, key, key_length) != 0)
			continue;
		n -= key_length;
		if (n >= size)
			n = size - 1;
		memcpy(value, option + key_length, n);
		value[n] = '\0';
		unescape_value(value);
		return true;
	}
	return false;
}

bool is_at_or_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (strcmp(directory, "/") == 0)
		return true;
	return strncmp(path, directory, length) == 0 && (!path[length] || path[length] == '/');
}
