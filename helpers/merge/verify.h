/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading back what was staged, from the disk and not from the page cache, before any name leads to
 * it and before RAM is let go.
 */
#ifndef INITFS_MERGE_VERIFY_H
#define INITFS_MERGE_VERIFY_H

#include "common/fault.h"
#include "merge/layer.h"
#include "merge/place.h"

/*
 * Compares each regular file that was staged since the last call, and synced, with the upper layer's:
 * data, owner, mode, mtime. is_live: what has changed there since is left to the next round. Returns
 * 0, or -errno with the fault: -EIO where the disk gives back something else.
 */
int verify_layer(const struct place *place, struct layer *layer, bool is_live, struct fault *fault);

#endif
