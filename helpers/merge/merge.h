/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps that a merge is made of, for any number of layers with one target file system:
 *
 *	scan, check	reading only; refuses
 *	stage		copies beside the target; can be undone
 *	sync		so that no name ever leads to data that is not on the disk
 *	publish		one rename for each name; from here on forwards only
 *	sync, clean	what was replaced goes only when what replaces it is on the disk
 *	sync		so that nobody finds a trace of staging
 */
#ifndef INITFS_MERGE_MERGE_H
#define INITFS_MERGE_MERGE_H

#include "common/fault.h"
#include "merge/copy.h"
#include "merge/layer.h"
#include "merge/place.h"

struct merge {
	struct layer *layers;
	size_t count;
	struct place place;
	struct copier *copier; /* owned */
	const struct beside *beside; /* not owned; see beside.h */
	bool is_verified; /* what is staged is read back; set it after merge_make */
};

/* What a round found to do, or has done. */
struct merge_work {
	uint64_t names;
	uint64_t bytes;
};

/*
 * Takes the layers (whose upper and lower are open, owned by the caller until merge_free) and the
 * directory that the staging directory goes to, owned from here on also on failure.
 */
int merge_make(struct merge *merge, struct layer *layers, size_t count, int place,
	       struct fault *fault);

/* Closes everything, the layers' descriptors too. What stands on disk stays. */
void merge_free(struct merge *merge);

/* Reads the layers and refuses what cannot be done. Touches nothing. */
int merge_scan(struct merge *merge, bool is_live, struct merge_work *ret_work, struct fault *fault);

/*
 * Makes the staging directory, the first thing that the disk sees. Refuses as merge_scan does;
 * after merge_clean nothing is left of it.
 */
int merge_begin(struct merge *merge, struct fault *fault);

/* Stages what the scan found. */
int merge_stage(struct merge *merge, bool is_live, struct merge_work *ret_work,
		struct fault *fault);

/* Waits until what was staged or published is on the disk. Returns 0 or -errno, also a write's. */
int merge_sync(struct merge *merge, struct fault *fault);

/* Syncs what was staged, and reads it back past the page cache where that is asked for. */
int merge_settle(struct merge *merge, bool is_live, struct fault *fault);

/* The point of no return. Returns how many names were published in *ret_names. */
int merge_publish(struct merge *merge, uint64_t *ret_names, struct fault *fault);

/* Takes the staging directory away, after publishing or instead of it. */
int merge_clean(struct merge *merge, struct fault *fault);

#endif
