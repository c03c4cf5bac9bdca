/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that the disk does not have yet get there before the seal, so that the pause does not grow
 * with their number: in slices of some milliseconds, each under a brief seal of its own, because an
 * overlay that is asked may not find its lower layer changing. Only files and symbolic links that
 * have not changed since they were staged and synced: whole, as they were in one moment. Nothing is
 * replaced and nothing deleted, so that a power cut finds all that was on the disk before.
 */
#ifndef INITFS_MERGE_EARLY_H
#define INITFS_MERGE_EARLY_H

#include "merge/targets.h"

struct early_result {
	uint64_t names;
	uint64_t slices;
	uint64_t longest_usec; /* that programs waited for one of them */
};

/*
 * view is the connection to initfs-hold; is_verified: only what was read back. Cannot fail: what is
 * not done is left to be published with the rest, which says what is in the way.
 */
void early_publish(struct targets *targets, int view, bool is_verified,
		   struct early_result *ret_result);

#endif
