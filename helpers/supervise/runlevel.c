/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which runlevel this boot goes to, and which one init says it is in. */
#include "config.h"

#include "supervise/runlevel.h"

#include <string.h>

#define BLANK " \t\n"

/* Finds the next word at or behind *text; false at the end. *text then points behind the word. */
static bool next_word(const char **text, const char **ret_word, size_t *ret_length)
{
	*ret_word = *text + strspn(*text, BLANK);
	*ret_length = strcspn(*ret_word, BLANK);
	*text = *ret_word + *ret_length;
	return *ret_length > 0;
}

static bool is_same(const char *word, size_t length, const char *other)
{
	return strlen(other) == length && memcmp(word, other, length) == 0;
}

bool is_on_cmdline(const char *cmdline, const char *word)
{
	const char *at;
	size_t length;

	while (next_word(&cmdline, &at, &length))
		if (is_same(at, length, word))
			return true;
	return false;
}

/* What sysvinit makes of a word that the kernel handed on to it, or '\0'. */
static char runlevel_of_word(const char *word, size_t length)
{
	if (is_same(word, length, "single") || is_same(word, length, "emergency") ||
	    is_same(word, length, "-b") || is_same(word, length, "-s"))
		return 'S';
	if (length == 1 && strchr("12345", word[0]))
		return word[0];
	if (length == 1 && strchr("Ss", word[0]))
		return 'S';
	return '\0';
}

/* The third field of "id:N:initdefault:" is the action, the second one the runlevel. */
static char runlevel_of_line(const char *line, size_t length)
{
	const char *id_end = memchr(line, ':', length);
	const char *level = id_end ? id_end + 1 : NULL;
	const char *level_end = level ? memchr(level, ':', length - (size_t)(level - line)) : NULL;
	static const char action[] = "initdefault";
	size_t left;

	if (line[0] == '#' || !level_end || level_end == level)
		return '\0';
	left = length - (size_t)(level_end + 1 - line);
	if (left < sizeof(action) - 1 || memcmp(level_end + 1, action, sizeof(action) - 1) != 0)
		return '\0';
	return *level;
}

char runlevel_of_boot(const char *cmdline, const char *inittab)
{
	char runlevel = '\0';
	const char *word;
	size_t length;

	while (next_word(&cmdline, &word, &length))
		if (runlevel_of_word(word, length))
			runlevel = runlevel_of_word(word, length);
	while (!runlevel && *inittab) {
		length = strcspn(inittab, "\n");
		runlevel = runlevel_of_line(inittab, length);
		inittab += length + (inittab[length] == '\n');
	}
	return runlevel ? runlevel : '2';
}

bool is_start_link(const char *name, const char *service)
{
	return name[0] == 'S' && name[1] >= '0' && name[1] <= '9' && name[2] >= '0' &&
	       name[2] <= '9' && strcmp(name + 3, service) == 0;
}

bool is_multi_user(char runlevel)
{
	return runlevel && strchr("2345", runlevel);
}
