/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header of Red Hat's chkconfig and the tags of Mandriva's parallel init. */
#include "config.h"

#include "rcfilter/chkconfig.h"
#include "rcfilter/lines.h"
#include "common/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ORDER_MAX 99
#define DELIMITERS " \t\r,"

/* The value of "# KEY: value" (chkconfig's keys are case-sensitive), or NULL. */
static const char *value_of(const struct lines *lines, const char *key, size_t *ret_length)
{
	const char *text = lines->line;
	size_t length = lines->length;
	size_t size = strlen(key);

	if (!length || *text != '#')
		return NULL;
	text++;
	length--;
	lines_trim(&text, &length);
	if (length < size || memcmp(text, key, size) != 0)
		return NULL;
	text += size;
	length -= size;
	lines_trim(&text, &length);
	*ret_length = length;
	return text;
}

/* LEVELS is digits or "-" for none. */
static bool take_levels(const char *word, bool level[10])
{
	if (strcmp(word, "-") == 0)
		return true;
	for (; *word; word++) {
		if (*word < '0' || *word > '9')
			return false;
		level[*word - '0'] = true;
	}
	return true;
}

/* "2345 55 25", all or nothing: anything else is not a service for chkconfig. */
static int take_line(struct chkconfig *chkconfig, const char *value, size_t length)
{
	struct words words = { 0 };
	struct chkconfig found = *chkconfig;
	uint64_t start;
	uint64_t stop;
	int r = words_split(&words, value, length, " \t\r");

	if (r == 0 && words.count >= 3 && take_levels(words.word[0], found.level) &&
	    parse_number(words.word[1], ORDER_MAX, &start) == 0 &&
	    parse_number(words.word[2], ORDER_MAX, &stop) == 0) {
		found.is_service = true;
		found.start = (int)start;
		found.stop = (int)stop;
		*chkconfig = found;
	}
	words_free(&words);
	return r;
}

static int take_text(char **ret_text, const char *value, size_t length)
{
	if (*ret_text || !length)
		return 0;
	*ret_text = strndup(value, length);
	return *ret_text ? 0 : -ENOMEM;
}

static int take_tag(struct chkconfig *chkconfig, const struct lines *lines)
{
	const char *value;
	size_t length;

	value = value_of(lines, "chkconfig:", &length);
	if (value && !chkconfig->is_service)
		return take_line(chkconfig, value, length);
	value = value_of(lines, "pidfile:", &length);
	if (value)
		return take_text(&chkconfig->pidfile, value, length);
	value = value_of(lines, "processname:", &length);
	if (value)
		return take_text(&chkconfig->process, value, length);
	value = value_of(lines, "X-Parallel-Requires:", &length);
	if (value)
		return words_split(&chkconfig->parallel_requires, value, length, DELIMITERS);
	if (value_of(lines, "hide:", &length))
		chkconfig->hidden = true;
	if (value_of(lines, "X-Parallel-Init", &length))
		chkconfig->parallel = true;
	if (value_of(lines, "X-Parallel-Interactive", &length))
		chkconfig->parallel_interactive = true;
	return 0;
}

int chkconfig_parse(const char *text, size_t size, struct chkconfig *ret_chkconfig)
{
	struct lines lines = lines_of(text, size);
	struct chkconfig chkconfig = { .is_service = false };

	while (lines_next(&lines)) {
		int r = take_tag(&chkconfig, &lines);

		if (r < 0) {
			chkconfig_free(&chkconfig);
			return r;
		}
	}
	*ret_chkconfig = chkconfig;
	return 0;
}

void chkconfig_free(struct chkconfig *chkconfig)
{
	free(chkconfig->pidfile);
	free(chkconfig->process);
	words_free(&chkconfig->parallel_requires);
	*chkconfig = (struct chkconfig){ .is_service = false };
}
