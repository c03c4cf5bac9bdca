/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When was a line of a log written? Pure. Known are
 *
 *	Nov 22 18:25:38			RFC 3164, with or without <PRI> before it: local time, no year
 *	2026-11-22T18:25:38.5+01:00	RFC 3339; without the zone, or with a blank for the T: local time
 *	[    5.123456]			dmesg: since some boot
 */
#ifndef INITFS_MERGE_LOGTIME_H
#define INITFS_MERGE_LOGTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As many bytes of a line as are looked at. */
#define LOGTIME_MAX 64

/* How the times of one file are to be understood. In microseconds, since 1970 in UTC. */
struct logtime_base {
	int64_t latest; /* a time without a year is the last one that is not a day after this */
	int64_t zone; /* what local time is ahead of UTC */
	int64_t boot; /* when the boot began that dmesg's times count from */
};

/* Does the line, which has length bytes, begin with a time? */
bool logtime_read(const char *line, size_t length, const struct logtime_base *base,
		  int64_t *ret_time);

#endif
