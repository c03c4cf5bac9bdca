/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is it time to try? Pure. */
#ifndef INITFS_MERGE_DUE_H
#define INITFS_MERGE_DUE_H

#include "merge/wake.h"

#include <stdbool.h>
#include <stdint.h>

struct due {
	enum wake wake; /* how ready the disk is */
	bool is_manual; /* only when somebody asks, or before everything is lost */
	bool is_blocked; /* failed, and nothing has happened since that could help */
	bool is_asked; /* by SIGUSR1 or initfs merge */
	bool is_forced; /* by initfs merge --now: whatever fstab says */
	bool is_late; /* what is only wanted was waited for long enough */
	bool is_near_full; /* the RAM layer */
	bool is_going_down; /* init stops everything: the last chance */
};

bool due_now(const struct due *due);

/* Is a RAM layer so full that waiting longer may cost programs their ENOSPC? In its blocks. */
bool due_is_near_full(uint64_t blocks, uint64_t free_blocks);

/* The pause in seconds after the next failure, after one of so many. */
unsigned int due_next_pause(const struct due *due, unsigned int pause);

/* The first one. A failure that goes away does so soon (a file was being mounted). */
#define DUE_FIRST_PAUSE 2

#endif
