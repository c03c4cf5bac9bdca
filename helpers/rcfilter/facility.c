/* SPDX-License-Identifier: GPL-2.0-or-later */
/* insserv.conf. */
#include "config.h"

#include "rcfilter/facility.h"
#include "rcfilter/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Between the name and its members stand blanks, "=" or ":". */
#define DELIMITERS " \t\r=:"

static struct facility *find(const struct facilities *facilities, const char *name)
{
	size_t i;

	for (i = 0; i < facilities->count; i++)
		if (strcasecmp(facilities->list[i].name, name) == 0)
			return &facilities->list[i];
	return NULL;
}

static struct facility *find_or_add(struct facilities *facilities, const char *name)
{
	struct facility *grown = find(facilities, name);

	if (grown)
		return grown;
	grown = realloc(facilities->list, (facilities->count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	facilities->list = grown;
	grown += facilities->count;
	*grown = (struct facility){ .name = strdup(name) };
	if (!grown->name)
		return NULL;
	facilities->count++;
	return grown;
}

/* Moves the words behind the first to *to. */
static int append(struct words *to, const struct words *line)
{
	size_t i;
	int r = 0;

	for (i = 1; r == 0 && i < line->count; i++)
		if (!words_have(to, line->word[i]))
			r = words_add(to, line->word[i], strlen(line->word[i]));
	return r;
}

static int take_line(struct facilities *facilities, const struct words *line)
{
	struct facility *facility;

	if (!line->count)
		return 0;
	if (strcasecmp(line->word[0], "<interactive>") == 0)
		return append(&facilities->interactive, line);
	if (line->word[0][0] != '$')
		return 0;
	facility = find_or_add(facilities, line->word[0]);
	return facility ? append(&facility->members, line) : -ENOMEM;
}

int facilities_add(struct facilities *facilities, const char *text, size_t size)
{
	struct lines lines = lines_of(text, size);
	int r = 0;

	while (r == 0 && lines_next(&lines)) {
		struct words line = { 0 };

		r = words_split(&line, lines.line, lines.length, DELIMITERS);
		if (r == 0)
			r = take_line(facilities, &line);
		words_free(&line);
	}
	return r;
}

const struct facility *facilities_find(const struct facilities *facilities, const char *name)
{
	return find(facilities, name);
}

void facilities_free(struct facilities *facilities)
{
	size_t i;

	for (i = 0; i < facilities->count; i++) {
		free(facilities->list[i].name);
		words_free(&facilities->list[i].members);
	}
	free(facilities->list);
	words_free(&facilities->interactive);
	*facilities = (struct facilities){ 0 };
}
