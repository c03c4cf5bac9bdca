/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was joined, and what was kept under another name. */
#include "config.h"

#include "cli/named.h"
#include "cli/print.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *event;
	const char *text;
} events[] = {
	{ "merge.joined", "joined with the log of the disk" },
	{ "merge.apart", "the early one is now" },
	{ "merge.beside", "the disk's is now" },
};

static const char *text_of(const struct timeline_event *event)
{
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strcmp(event->event, events[i].event) == 0)
			return events[i].text;
	return NULL;
}

/* An attempt that was tried again says it again: the last one counts. */
static bool is_said_later(const struct record *record, size_t i, const char *name)
{
	for (i++; i < record->count; i++) {
		const struct timeline_event *event = &record->lines[i].event;
		const char *other;

		if (!record->lines[i].is_event || !text_of(event))
			continue;
		other = timeline_value(event, "name");
		if (other && strcmp(other, name) == 0)
			return true;
	}
	return false;
}

void named_print(const struct record *record)
{
	const char *label = "both";
	size_t i;

	for (i = 0; i < record->count; i++) {
		const struct timeline_event *event = &record->lines[i].event;
		const char *text = record->lines[i].is_event ? text_of(event) : NULL;
		const char *name = text ? timeline_value(event, "name") : NULL;
		const char *as = text ? timeline_value(event, "as") : NULL;

		if (!name || is_said_later(record, i, name))
			continue;
		(void)printf("%-9s", label);
		label = "";
		print_text(name);
		(void)printf("  %s", text);
		if (as) {
			(void)putchar(' ');
			print_text(as);
		}
		(void)putchar('\n');
	}
}
