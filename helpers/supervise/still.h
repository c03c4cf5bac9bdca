/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pure: is a group of processes still? It is when it has hardly run and hardly waited for a disk of late. What
 * waits for the disk is not still: a program that is being read does not run either.
 */
#ifndef INITFS_SUPERVISE_STILL_H
#define INITFS_SUPERVISE_STILL_H

#include <stdbool.h>
#include <stdint.h>

/* How often it is looked at, and for how many looks it has to be still. */
#define STILL_LOOK_USEC 100000ULL
#define STILL_LOOKS 3
/* A greeter with a blinking cursor, and the syslog, take less than a tenth of one processor. */
#define STILL_PART 10

struct still {
	unsigned int count; /* how many are set */
	uint64_t at[STILL_LOOKS + 1];
	uint64_t worked[STILL_LOOKS + 1]; /* since the group was made, at that time */
};

/* When the next look is due; at once, where there was none. */
uint64_t still_due(const struct still *still);

/*
 * Takes note of a look, which was not before it was due, and says whether the group has been still since the
 * STILL_LOOKS before it. All in microseconds.
 */
bool still_next(struct still *still, uint64_t now, uint64_t worked);

/* The number behind the first occurrence of key in a file such as cpu.stat; false where there is none. */
bool still_find(const char *text, const char *key, uint64_t *ret_number);

#endif
