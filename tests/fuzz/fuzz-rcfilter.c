/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No text of a script, an override, an insserv.conf or an fstab makes the parsers of the rc filter
 * do anything but answer. The input is split at zero bytes: two scripts, an override, a conf.
 * Built and run by test-parsers.sh.
 */
#include "config.h"

#include "rcfilter/busy.h"
#include "rcfilter/decide.h"
#include "rcfilter/late.h"
#include "rcfilter/resolve.h"

#include <stdlib.h>
#include <string.h>

#define PARTS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Exact copies on the heap, so that one byte too many is seen. */
static void split(const char *data, size_t size, char *part[PARTS], size_t length[PARTS])
{
	size_t i;

	for (i = 0; i < PARTS; i++) {
		const char *stop = i + 1 < PARTS ? memchr(data, '\0', size) : NULL;

		length[i] = stop ? (size_t)(stop - data) : size;
		part[i] = malloc(length[i] + !length[i]);
		if (!part[i])
			abort();
		memcpy(part[i], data, length[i]);
		data += length[i] + !!stop;
		size -= length[i] + !!stop;
	}
}

static void check_catalog(const struct catalog *catalog)
{
	struct record records[2] = { { .state = STATE_FAILED }, { .state = STATE_ASIDE } };
	struct facts facts = { .now = 1 };
	bool marks[2] = { false, false };
	size_t order[2];
	char text[64];
	size_t i;

	decide_screen_needs(catalog, marks);
	if (decide_late(catalog, records, &facts, order) > catalog->count)
		abort();
	for (i = 0; i < catalog->count; i++) {
		(void)decide_start(catalog, records, i, &facts);
		if (explain(catalog, records, i, text, sizeof(text)) >= sizeof(text))
			abort();
	}
}

/* The length of the longest of the words in a line. */
static size_t longest_word(const char *line, size_t length)
{
	size_t longest = 0;
	size_t at = 0;

	while (at < length) {
		size_t word = strcspn(line + at, " \n");

		if (word > longest)
			longest = word;
		at += word + 1;
	}
	return longest;
}

/* startpar loses what is behind the 2047th byte of a line; nobody can help a word that is too long. */
static void check_depend(const char *text, size_t size)
{
	char *served = late_depend(text, size, "initfs-late");
	const char *line;
	size_t length;

	for (line = served; line && *line; line += length + (line[length] == '\n')) {
		length = strcspn(line, "\n");
		if (length > 2047 && longest_word(line, length) < 64)
			abort();
	}
	free(served);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct catalog catalog = { 0 };
	char *part[PARTS];
	char *fstab;
	size_t length[PARTS];
	size_t i;

	split((const char *)data, size, part, length);
	struct catalog_text first = { "a", part[0], length[0], part[2], length[2] };
	struct catalog_text second = { "b", part[1], length[1], NULL, 0 };

	if (catalog_add(&catalog, &first) == 0 && catalog_add(&catalog, &second) == 0 &&
	    facilities_add(&catalog.facilities, part[3], length[3]) == 0 &&
	    resolve_edges(&catalog, true) == 0)
		check_catalog(&catalog);
	catalog_free(&catalog);
	fstab = strndup(part[3], length[3]);
	(void)resolve_has_remote(fstab);
	free(fstab);
	(void)busy_pressure(part[3], length[3]);
	(void)busy_disk(part[3], length[3]);
	for (i = 0; i < PARTS; i++) {
		check_depend(part[i], length[i]);
		free(part[i]);
	}
	return 0;
}
