/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A shutdown with something left in RAM. init's sendsigs tells all processes to end, waits up to ten seconds for
 * them, and unmounts what they had; initfs-merge itself is not told. So it starts a process that is: as long
 * as that lives, sendsigs waits. Told to end, it asks for an attempt at once. When it is killed, the time is
 * over: one more attempt, and then somebody has to be told what is lost.
 */
#ifndef INITFS_MERGE_FAREWELL_H
#define INITFS_MERGE_FAREWELL_H

#include "merge/list.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct farewell {
	char *name; /* argv[0] */
	pid_t child; /* 0: none */
	bool is_over; /* nobody waits any more */
	bool is_said;
	bool is_cut_off; /* the RAM layer has been unmounted: nothing of it can be merged any more */
	bool is_counted;
	uint64_t files, bytes; /* in RAM, when that was last looked at */
};

/* Starts the process. Without it there is only less time. */
void farewell_begin(struct farewell *farewell);

/* The machine stays up after all, or everything is on the disk. */
void farewell_end(struct farewell *farewell);

/* A child has died: was it that one? */
void farewell_reap(struct farewell *farewell);

/* Counts what is in RAM, or notes that it cannot be reached. run is /run/initfs, ram the directory "ram" there. */
void farewell_look(struct farewell *farewell, int run, int ram);

/*
 * After an attempt that has failed because of why, or where none is possible: says once what is lost, if nobody
 * waits any more or the views have been unmounted.
 */
void farewell_say(struct farewell *farewell, const struct list *list, int timeline,
		  const char *why);

#endif
