/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screen comes first for the processors (common/share.h), while init boots beside it: from when it is known
 * that it may, until something is to be seen, or no screen comes any more, and all in the group are still
 * (still.h), or two seconds have passed; and never longer than it is told.
 */
#ifndef INITFS_SUPERVISE_FIRST_H
#define INITFS_SUPERVISE_FIRST_H

#include "supervise/still.h"

#include <stdbool.h>
#include <stdint.h>

struct first {
	int timeline; /* not owned */
	uint64_t bound_usec; /* how long it may come first */
	int preparation; /* the pidfd of who makes the group, or -EBADF */
	uint64_t until; /* microseconds of watch_now(); 0: the screen does not come first */
	bool is_drawing; /* it shows something, or no longer comes */
	struct still still; /* from then on */
};

/*
 * Starts a process that finds out whether the screen may come first, makes the group, and puts this process into
 * it, all that it has started and will start, and initfs-hold, which serves them. On a slow disk that takes
 * seconds, and the kernel waits for all processors when it moves a process. Who polls first->preparation learns
 * when first_begin has something to do. Where it may not, the reason is in the timeline (share.none).
 */
void first_prepare(struct first *first);

/* Whether that has just succeeded: the screen comes first from now on. */
bool first_begin(struct first *first, uint64_t now);

/* Ends it when it is time to; comes: a screen is still on its way. */
void first_look(struct first *first, bool comes, uint64_t now);

/* When first_look has something to do at the latest; 0: it has nothing to do. */
uint64_t first_due(const struct first *first);

/* Ends it now, or the preparation. Does nothing where nothing has begun. */
void first_end(struct first *first);

#endif
