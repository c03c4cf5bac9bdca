/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file systems that layers are merged into: the root's, and one for each protected directory that
 * has its own. Each step is taken on all of them before the next one is.
 */
#ifndef INITFS_MERGE_TARGETS_H
#define INITFS_MERGE_TARGETS_H

#include "merge/beside.h"
#include "merge/list.h"
#include "merge/merge.h"

#define TARGETS_MAX (LIST_MAX + 1)

struct targets {
	struct merge list[TARGETS_MAX];
	struct beside beside[TARGETS_MAX];
	size_t count;
};

/* As merge_make, for one more. beside may be NULL; it is copied. */
int targets_add(struct targets *targets, struct layer *layers, size_t count, int place,
		const struct beside *beside, struct fault *fault);
void targets_free(struct targets *targets);

/* As the functions of merge.h, for all; ret_work and ret_names are the sums. */
int targets_scan(struct targets *targets, bool is_live, struct merge_work *ret_work,
		 struct fault *fault);
int targets_begin(struct targets *targets, struct fault *fault);
int targets_stage(struct targets *targets, bool is_live, struct merge_work *ret_work,
		  struct fault *fault);
int targets_sync(struct targets *targets, struct fault *fault);
int targets_settle(struct targets *targets, bool is_verified, bool is_live, struct fault *fault);
int targets_publish(struct targets *targets, uint64_t *ret_names, struct fault *fault);

/* Goes on after a failure, and returns the first. */
int targets_clean(struct targets *targets, struct fault *fault);

#endif
