/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The point of no return: one rename for each name, so that at every instant a name is its old self
 * or its new self. New and replaced names first, deletions after them, and the times of directories
 * last, deepest first. What was replaced or deleted is in the staging directory afterwards.
 */
#ifndef INITFS_MERGE_PUBLISH_H
#define INITFS_MERGE_PUBLISH_H

#include "common/fault.h"
#include "merge/copy.h"
#include "merge/beside.h"
#include "merge/layer.h"
#include "merge/place.h"

struct publish {
	struct place *place;
	struct copier *copier;
	const struct beside *beside; /* what must not be thrown away; NULL: all may be */
	uint64_t names; /* renamed */
	const struct layer *layer; /* set by publish_layer */
};

/*
 * Stops at the first error with -errno and the fault; what was published stays, and is what the
 * view shows: running the whole merge again ends the same as if nothing had stopped it.
 */
int publish_layer(struct publish *publish, struct layer *layer, struct fault *fault);

/*
 * Renames what is staged to name in the directory lower, with renameat2's flags. Only where it is asked for
 * does it get the project of that directory. 0 or -errno.
 */
int publish_put(struct publish *publish, int lower, const char *name, const char *staged,
		unsigned int flags);

#endif
