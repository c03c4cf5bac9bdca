/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timeline of a boot as a list of events. */
#ifndef INITFS_CLI_RECORD_H
#define INITFS_CLI_RECORD_H

#include "common/fault.h"
#include "common/timeline.h"

#include <stddef.h>

struct record_line {
	int is_event; /* else the line could not be understood, and event.event is its text */
	struct timeline_event event;
};

struct record {
	char *text; /* all strings of the lines point into it */
	size_t count;
	struct record_line *lines;
};

/*
 * Reads the timeline at path; record_free it in any case. Returns 0 or -errno; -ENOENT (and an
 * empty record) where there is none.
 */
int record_read(struct record *ret_record, const char *path, struct fault *fault);

/* Pure but for memory: takes text, which the record owns from now on, apart. 0 or -ENOMEM. */
int record_parse(struct record *ret_record, char *text);

void record_free(struct record *record);

#endif
