/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of words that owns its text; zeroed memory is an empty list. Pure. */
#ifndef INITFS_WORDS_H
#define INITFS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct words {
	size_t count;
	char **word;
};

/* Appends a copy of length bytes of text. Returns 0 or -ENOMEM. */
int words_add(struct words *words, const char *text, size_t length);

/* Appends each word of text (length bytes) that stands between delimiters. Returns 0 or -ENOMEM. */
int words_split(struct words *words, const char *text, size_t length, const char *delimiters);

/* Is text one of them, to the letter? */
bool words_have(const struct words *words, const char *text);

/* Frees what the list owns and leaves it empty. */
void words_free(struct words *words);

#endif
