/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What init itself starts by a line of inittab(5). */
#include "config.h"

#include "supervise/inittab.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Where a word ends, also within a line for sh -c. '+' begins a process without a utmp record. */
#define BETWEEN " \t'\";&|<>()+"

/* A field of "id:runlevels:action:process"; the last one takes the rest of the line. */
struct field {
	const char *at;
	size_t length;
};

/* Cuts a line into its four fields; false for a comment, or for what is none. */
static bool split(const char *line, size_t length, struct field fields[4])
{
	const char *end = line + length;
	unsigned int i;

	if (length == 0 || line[0] == '#')
		return false;
	for (i = 0; i < 3; i++) {
		const char *colon = memchr(line, ':', (size_t)(end - line));

		if (!colon)
			return false;
		fields[i] = (struct field){ line, (size_t)(colon - line) };
		line = colon + 1;
	}
	fields[3] = (struct field){ line, (size_t)(end - line) };
	return true;
}

static bool is_action(const struct field *field)
{
	static const char *const actions[] = { "respawn", "once", "wait", "ondemand" };
	unsigned int i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (field->length == strlen(actions[i]) &&
		    memcmp(field->at, actions[i], field->length) == 0)
			return true;
	return false;
}

/* Has the process a word that is this one, or with prefix one that begins so? */
static bool has_word(const struct field *process, const char *word, bool prefix)
{
	const char *end = process->at + process->length;
	const char *at = process->at;

	while (at < end) {
		size_t length = strcspn(at, BETWEEN "\n");

		if (at + length > end)
			length = (size_t)(end - at);
		if (length >= strlen(word) && (prefix || length == strlen(word)) &&
		    memcmp(at, word, strlen(word)) == 0)
			return true;
		at += length + 1;
	}
	return false;
}

enum inittab_start inittab_starts(const char *inittab, char runlevel, const char *word)
{
	enum inittab_start found = INITTAB_NO;

	while (*inittab) {
		size_t length = strcspn(inittab, "\n");
		struct field fields[4];

		/* No runlevels are all of them. */
		if (split(inittab, length, fields) && is_action(&fields[2]) &&
		    (fields[1].length == 0 || memchr(fields[1].at, runlevel, fields[1].length)) &&
		    has_word(&fields[3], word, false)) {
			if (!has_word(&fields[3], "--adopt=", true))
				return INITTAB_ITSELF;
			found = INITTAB_ADOPTS;
		}
		inittab += length + (inittab[length] == '\n');
	}
	return found;
}
