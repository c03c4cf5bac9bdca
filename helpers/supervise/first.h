/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screen comes first for the processors (common/share.h), while init boots beside it: from before the
 * first program is started until two seconds after something is to be seen, or no screen comes any more; for
 * thirty seconds at most.
 */
#ifndef INITFS_SUPERVISE_FIRST_H
#define INITFS_SUPERVISE_FIRST_H

#include <stdbool.h>
#include <stdint.h>

struct first {
	int timeline; /* not owned */
	uint64_t until; /* microseconds of watch_now(); 0: the screen does not come first */
	bool is_drawing; /* it shows something, or no longer comes */
};

/*
 * Puts this process, all that it will start and initfs-hold, which serves them, first. Returns whether that
 * was done; where not, the reason is in the timeline (share.none), or on stderr, and nothing has changed.
 */
bool first_begin(struct first *first, uint64_t now);

/* Ends it when it is time to; comes: a screen is still on its way. */
void first_look(struct first *first, bool comes, uint64_t now);

/* Ends it now. Does nothing where nothing has begun. */
void first_end(struct first *first);

#endif
