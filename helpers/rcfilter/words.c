/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of words that owns its text. */
#include "config.h"

#include "rcfilter/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int words_add(struct words *words, const char *text, size_t length)
{
	char **grown = realloc(words->word, (words->count + 1) * sizeof(*grown));
	char *copy;

	if (!grown)
		return -ENOMEM;
	words->word = grown;
	copy = strndup(text, length);
	if (!copy)
		return -ENOMEM;
	words->word[words->count++] = copy;
	return 0;
}

int words_split(struct words *words, const char *text, size_t length, const char *delimiters)
{
	const char *end = text + length;

	while (text < end) {
		const char *start = text;
		int r;

		while (text < end && *text && !strchr(delimiters, *text))
			text++;
		if (text > start) {
			r = words_add(words, start, (size_t)(text - start));
			if (r < 0)
				return r;
		}
		text++;
	}
	return 0;
}

bool words_have(const struct words *words, const char *text)
{
	size_t i;

	for (i = 0; i < words->count; i++)
		if (strcmp(words->word[i], text) == 0)
			return true;
	return false;
}

void words_free(struct words *words)
{
	size_t i;

	for (i = 0; i < words->count; i++)
		free(words->word[i]);
	free(words->word);
	*words = (struct words){ 0 };
}
