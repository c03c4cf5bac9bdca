/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict numbers, sizes and names. */
#include "config.h"

#include "common/parse.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

/* Reads the digits that text begins with; *ret_rest is what follows them. */
static int digits(const char *text, uint64_t max, uint64_t *ret_number, const char **ret_rest)
{
	uint64_t number = 0;
	const char *p;

	for (p = text; *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (number > (max - digit) / 10 || digit > max)
			return -ERANGE;
		number = number * 10 + digit;
	}
	if (p == text)
		return -EINVAL;
	*ret_number = number;
	*ret_rest = p;
	return 0;
}

int parse_number(const char *text, uint64_t max, uint64_t *ret_number)
{
	uint64_t number;
	const char *rest;
	int r = digits(text, max, &number, &rest);

	if (r < 0)
		return r;
	if (*rest)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

int parse_seconds(const char *text, unsigned int max, unsigned int *ret_seconds)
{
	uint64_t seconds;
	int r = parse_number(text, max, &seconds);

	if (r < 0)
		return r;
	if (seconds == 0)
		return -EINVAL;
	*ret_seconds = (unsigned int)seconds;
	return 0;
}

static int shift_of(char suffix)
{
	static const char suffixes[] = "kmgt";
	const char *at = suffix ? strchr(suffixes, suffix | 0x20) : NULL;

	return at ? (int)(at - suffixes + 1) * 10 : -EINVAL;
}

int parse_size(const char *text, struct parsed_size *ret_size)
{
	struct parsed_size size = { 0 };
	const char *rest;
	int r = digits(text, UINT64_MAX, &size.value, &rest);

	if (r < 0)
		return r;
	if (*rest == '%' && !rest[1]) {
		size.is_percent = true;
		if (size.value > 100)
			return -ERANGE;
	} else if (*rest) {
		int shift = shift_of(*rest);

		if (shift < 0 || rest[1])
			return -EINVAL;
		if (size.value > UINT64_MAX >> shift)
			return -ERANGE;
		size.value <<= shift;
	}
	if (size.value == 0)
		return -EINVAL;
	*ret_size = size;
	return 0;
}

int parse_boolean(const char *text, bool *ret_value)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{ "0", false },	 { "no", false }, { "off", false }, { "1", true },
		{ "yes", true }, { "on", true },  { "", true },
	};
	unsigned int i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i].word) == 0) {
			*ret_value = words[i].value;
			return 0;
		}
	}
	return -EINVAL;
}

bool is_clean_path(const char *path)
{
	const char *part = path;

	if (*path != '/' || strlen(path) >= PATH_MAX)
		return false;
	if (!path[1])
		return true;
	while (*part == '/') {
		size_t length = strcspn(++part, "/");

		if (length == 0 || length > NAME_MAX)
			return false;
		if (strncmp(part, ".", length) == 0 ||
		    (length == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		part += length;
	}
	return true;
}

/* The length of a path without the slashes at its end; 0 for "/". */
static size_t trimmed(const char *path)
{
	size_t length = strlen(path);

	while (length > 0 && path[length - 1] == '/')
		length--;
	return length;
}

bool is_at_or_below(const char *path, const char *dir)
{
	size_t n = trimmed(dir);

	return trimmed(path) >= n && strncmp(path, dir, n) == 0 && (path[n] == '/' || !path[n]);
}

bool is_below(const char *path, const char *dir)
{
	return is_at_or_below(path, dir) && trimmed(path) > trimmed(dir);
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* The byte that \ooo at text is; 0 where it is none (\000 would end the text, so it is none). */
static char escaped_byte(const char *text)
{
	if (text[0] != '\\' || !is_octal(text[1]) || text[1] > '3' || !is_octal(text[2]) ||
	    !is_octal(text[3]))
		return '\0';
	return (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
}

void unescape_octal(char *text)
{
	char *to = text;

	while (*text) {
		char byte = escaped_byte(text);

		*to++ = byte ? byte : *text;
		text += byte ? 4 : 1;
	}
	*to = '\0';
}

bool has_option(const char *options, const char *option)
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
