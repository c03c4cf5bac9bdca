/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record of a boot: one line for each event in /run/initfs/timeline, written by all programs,
 * O_APPEND and one write each, so that lines never mix.
 *
 *	12.345678 overlay.up dirs=/var,/tmp size=50%
 *
 * Seconds of CLOCK_BOOTTIME, an event (part.what), then key=value. A value with a space, quote,
 * backslash or control character stands in double quotes, with \" \\ and \xHH inside.
 */
#ifndef INITFS_TIMELINE_H
#define INITFS_TIMELINE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define TIMELINE_FILE "timeline"
#define TIMELINE_LINE_MAX 1024

/*
 * Opens the timeline in directory dirfd for appending, making it (0644) if need be. Returns a
 * descriptor that the caller owns, or -errno.
 */
int timeline_open(int dirfd);

/*
 * Appends an event with pairs of key and value (both const char *), ended by NULL. A timeline that
 * cannot be written stops nobody: fd may be negative, and errors are not returned.
 */
void timeline_mark(int fd, const char *event, ...) __attribute__((sentinel));

/*
 * Pure: writes the line, newline included, to line. Returns its length. A value that does not fit is
 * cut, and what comes after it is left out: what is there can be read.
 */
size_t timeline_format(char *line, size_t size, uint64_t usec, const char *event, va_list pairs);

/* One event as read back. The strings point into the line that timeline_parse was given. */
#define TIMELINE_PAIRS_MAX 32
struct timeline_event {
	uint64_t usec;
	const char *event;
	size_t pairs;
	struct {
		const char *key;
		const char *value;
	} pair[TIMELINE_PAIRS_MAX];
};

/* Pure: takes a line (without newline) apart in place. Returns 0 or -EINVAL. */
int timeline_parse(char *line, struct timeline_event *ret_event);

/* The value of key in an event, or NULL. */
const char *timeline_value(const struct timeline_event *event, const char *key);

#endif
