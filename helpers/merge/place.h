/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The staging directory: beside the target, on the same mount, only root's, swept at the end. */
#ifndef INITFS_MERGE_PLACE_H
#define INITFS_MERGE_PLACE_H

#include "merge/sweep.h"
#include "common/fault.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define STAGING_NAME ".initfs-staging"
/* A letter, a number of 64 bits, a zero. */
#define PLACE_NAME_MAX 24

struct place {
	int parent; /* the directory that holds it, owned */
	int dir; /* itself, locked; -EBADF until place_make */
	dev_t device;
	uint64_t next_id;
	struct timespec
		before[2]; /* the parent's times, which our coming and going does not change */
	struct timespec after;
	sweep_keep_fn *keep; /* what must not be swept, or NULL */
	const void *keep_data;
};

/* Where staging would go: below parent, which is owned from here on. Touches nothing. */
int place_find(struct place *place, int parent, struct fault *fault);

/*
 * The uppermost directory of the mount that directory is on. Owned by the caller, or -errno. On a
 * bind mount that is not the file system's root, but as far as a rename reaches.
 */
int place_top(int directory, struct fault *fault);

/*
 * Makes the directory, or takes over and empties what an interrupted run left. -EBUSY: another
 * merge is using it. -EOPNOTSUPP: the file system cannot exchange two names in one step. After
 * a failure place_remove takes away what was made.
 */
int place_make(struct place *place, struct fault *fault);

/* Empties it and takes it away, unless something is kept there. Harmless when it was never made. Returns 0 or -errno. */
int place_remove(struct place *place, struct fault *fault);

/* Closes what is open; on disk everything stays. */
void place_close(struct place *place);

/* Writes the name of number id with its letter: s(taged), l(inked), d(eleted). */
const char *place_name(char letter, uint64_t id, char *name);

#endif
