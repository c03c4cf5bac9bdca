/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a boot as rows of bars: who did what from when until when. Pure but for memory. */
#ifndef INITFS_CLI_CHART_H
#define INITFS_CLI_CHART_H

#include "cli/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum chart_kind {
	CHART_STARTING, /* at work, or on the way to be ready */
	CHART_RUNNING, /* ready and there */
	CHART_WAITING, /* held, or aside: not started yet */
	CHART_PAUSE, /* programs wait for us */
	CHART_FAILED, /* a moment: what ended in a way that nobody wanted */
	CHART_MARK, /* a moment */
	CHART_KINDS
};

/* Times are microseconds since the kernel began; a moment ends when it begins. */
struct chart_bar {
	uint64_t from;
	uint64_t until;
	enum chart_kind kind;
	const struct timeline_event
		*event; /* what began it, not owned: the record has to outlive the chart */
	const struct timeline_event
		*end; /* what ended it, or NULL: it goes on until the record ends */
};

struct chart_row {
	const char *group; /* static: who it belongs to */
	const char *name; /* not owned, as the events */
	struct chart_bar *bars; /* in the order of their beginnings; owned */
	size_t count;
	bool is_open; /* the last bar has not ended */
};

struct chart {
	struct chart_row *rows; /* in the order in which the record first speaks of them; owned */
	size_t count;
	uint64_t until; /* the last moment of the record */
};

/*
 * Each event of the record is a bar's beginning, a bar's end, or a moment in one row; those that are
 * not known stand in a row of their own, so that nothing of the record is hidden. Lines that could not
 * be understood are passed over. Returns 0 or -ENOMEM; chart_free it in any case.
 */
int chart_make(struct chart *ret_chart, const struct record *record);

void chart_free(struct chart *chart);

#endif
