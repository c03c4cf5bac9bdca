/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guard hands to the processes that serve, and keeps for the time after them. */
#ifndef INITFS_FILTER_H
#define INITFS_FILTER_H

#include "rcfilter/board.h"
#include "rcfilter/load.h"
#include "rcfilter/starts.h"

#define STATE_PATH "/run/initfs"

struct filter {
	struct options options;
	struct scripts scripts;
	struct board *board;
	int state; /* of STATE_PATH */
	int timeline;
	uint64_t lingering; /* since when the server goes on after rc, as the guard has seen it */
	pid_t keeper; /* of the guard; 0: none */
};

/*
 * The views are gone: starts (if starts_aside) what is aside when it can start, unless somebody has
 * turned us off, and leaves the last word about each service behind. The guard does it, or the
 * server when that one is dead.
 */
void filter_end(struct filter *filter, bool starts_aside);

#endif
