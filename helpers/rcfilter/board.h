/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must outlive the process that serves the views: it lies in memory shared with the guard, so
 * that a new server knows what the dead one had begun. Fixed size, no pointers.
 */
#ifndef INITFS_BOARD_H
#define INITFS_BOARD_H

#include "rcfilter/decide.h"

/* The largest system seen has 320 scripts; those beyond the last place simply run. */
#define BOARD_MAX 1024

struct board {
	unsigned int servers; /* how many processes have served the views so far */
	uint64_t held_all;
	char level; /* the runlevel whose runner was seen last: '2', 'S'; 0: none yet */
	bool over; /* the runner of the default runlevel has ended, or we were told to go */
	bool off; /* …told to go: nothing is started afterwards */
	struct record records[BOARD_MAX];
};

/* Maps an empty board, for good. NULL without memory. */
struct board *board_make(void);

#endif
