/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of an overlay, as mountinfo has them. */
#include "config.h"

#include "merge/overlayopt.h"
#include "common/parse.h"

#include <string.h>

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

	unescape_octal(value);
	while (*value) {
		if (*value == '\\' && value[1])
			value++;
		*to++ = *value++;
	}
	*to = '\0';
}

bool overlayopt_next(const char **at, const char *key, char *value, size_t size)
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
