/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking over the lines of a text that need not end in a newline or a zero byte. Pure. */
#ifndef INITFS_LINES_H
#define INITFS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct lines {
	const char *next;
	const char *end;
	const char *line; /* the current line, without its newline */
	size_t length;
};

static inline struct lines lines_of(const char *text, size_t size)
{
	return (struct lines){ .next = text, .end = text + size };
}

/* Goes to the next line; false when there is none. */
static inline bool lines_next(struct lines *lines)
{
	const char *stop;

	if (lines->next >= lines->end)
		return false;
	lines->line = lines->next;
	stop = memchr(lines->next, '\n', (size_t)(lines->end - lines->next));
	lines->length = (size_t)((stop ? stop : lines->end) - lines->line);
	lines->next = stop ? stop + 1 : lines->end;
	return true;
}

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Leaves out the blanks at both ends (and a carriage return at the last) of *text, *length bytes. */
static inline void lines_trim(const char **text, size_t *length)
{
	while (*length && is_blank(**text)) {
		(*text)++;
		(*length)--;
	}
	while (*length && (is_blank((*text)[*length - 1]) || (*text)[*length - 1] == '\r'))
		(*length)--;
}

#endif
