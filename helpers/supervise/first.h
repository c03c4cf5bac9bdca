/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screen comes first for the processors (common/share.h), while init boots beside it: from when it is known
 * that it may, until something is to be seen, or no screen comes any more, and all in the group are still
 * (still.h), or two seconds have passed; for thirty seconds at most.
 */
#ifndef INITFS_SUPERVISE_FIRST_H
#define INITFS_SUPERVISE_FIRST_H

#include "supervise/still.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct first {
	int timeline; /* not owned */
	int search; /* the pidfd of who finds out whether it may begin, or -EBADF */
	uint64_t until; /* microseconds of watch_now(); 0: the screen does not come first */
	bool is_drawing; /* it shows something, or no longer comes */
	struct still still; /* from then on */
};

/*
 * Begins to find out whether the screen may come first, in a process of its own: on a slow disk that takes
 * seconds. Who polls first->search learns when first_begin has something to do.
 */
void first_search(struct first *first);

/*
 * When it is found out: puts this process, all that it has started (count pids; 0: none) and will start, and
 * initfs-hold, which serves them, first. Returns whether that was done; where not, the reason is in the timeline
 * (share.none), or on stderr, and nothing has changed. Before, and where nothing is searched for, it is false.
 */
bool first_begin(struct first *first, const pid_t *pids, unsigned int count, uint64_t now);

/* Ends it when it is time to; comes: a screen is still on its way. */
void first_look(struct first *first, bool comes, uint64_t now);

/* When first_look has something to do at the latest; 0: it has nothing to do. */
uint64_t first_due(const struct first *first);

/* Ends it now, and the search. Does nothing where nothing has begun. */
void first_end(struct first *first);

#endif
