/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The byte ranges that one owner has locked in one file. Pure: the kernel's rules, no kernel. */
#ifndef INITFS_HOLD_RANGES_H
#define INITFS_HOLD_RANGES_H

#include <stdint.h>

#define RANGE_END INT64_MAX /* to the end of the file, however far that is */

struct range {
	struct range *next; /* higher offsets; ranges never overlap */
	int64_t start;
	int64_t end; /* the last byte */
	int type; /* F_RDLCK or F_WRLCK */
};

/*
 * start…end has type from now on (F_UNLCK: none), as fcntl(F_SETLK) has it: what overlaps is cut or
 * split, what touches with the same type becomes one. 0 or -ENOMEM with nothing changed.
 */
int ranges_set(struct range **ranges, int64_t start, int64_t end, int type);

/* The first range that a lock of type on start…end would have to wait for, or NULL. */
const struct range *ranges_conflict(const struct range *ranges, int64_t start, int64_t end,
				    int type);

void ranges_free(struct range **ranges);

#endif
