/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How busy the disk is. */
#include "config.h"

#include "rcfilter/busy.h"
#include "rcfilter/lines.h"

#include <string.h>

/* Of a line of /proc/diskstats, counted from 1: since 2.6 the milliseconds spent doing I/O. */
#define FIELD_WORKED 13

unsigned int busy_pressure(const char *text, size_t size)
{
	static const char key[] = "some avg10=";
	const char *found = memmem(text, size, key, sizeof(key) - 1);
	const char *end = text + size;
	unsigned int percent = 0;

	if (!found)
		return 0;
	for (found += sizeof(key) - 1; found < end && *found >= '0' && *found <= '9'; found++)
		if (percent <= 100)
			percent = percent * 10 + (unsigned int)(*found - '0');
	return percent > 100 ? 0 : percent;
}

/* A number of up to 18 digits that fills the field; 0 for anything else. */
static uint64_t number_of(const char *text, size_t length)
{
	uint64_t number = 0;
	size_t i;

	if (length > 18)
		return 0;
	for (i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	return number;
}

static uint64_t worked(const struct lines *lines)
{
	const char *end = lines->line + lines->length;
	const char *text = lines->line;
	int field;

	for (field = 1; text < end; field++) {
		const char *start;

		while (text < end && is_blank(*text))
			text++;
		for (start = text; text < end && !is_blank(*text);)
			text++;
		if (field == FIELD_WORKED)
			return number_of(start, (size_t)(text - start));
	}
	return 0;
}

uint64_t busy_disk(const char *text, size_t size)
{
	struct lines lines = lines_of(text, size);
	uint64_t most = 0;

	while (lines_next(&lines)) {
		uint64_t one = worked(&lines);

		if (one > most)
			most = one;
	}
	return most;
}

unsigned int busy_percent(uint64_t worked_msec, uint64_t passed_msec)
{
	if (!passed_msec)
		return 0;
	return worked_msec >= passed_msec ? 100 : (unsigned int)(worked_msec * 100 / passed_msec);
}
