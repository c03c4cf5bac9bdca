/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks an upper layer, reading only, and brings the tree of changes up to date: new names are
 * added, names that are gone dropped, what changed since the last scan wanted again. Refuses what
 * the merge cannot carry; whatever it refuses, nothing was touched.
 */
#ifndef INITFS_MERGE_SCAN_H
#define INITFS_MERGE_SCAN_H

#include "common/fault.h"
#include "merge/layer.h"
#include "merge/leaf.h"
#include "merge/xattrs.h"

#include <stdbool.h>
#include <sys/stat.h>

/* Each level costs three descriptors while it is walked. */
#define SCAN_DEPTH_MAX 4000

struct scan {
	struct xattr_buffers *buffers;
	int place; /* the directory that the staging directory is in */
	dev_t device; /* the staging directory's: names can be renamed to nowhere else */
	const struct apart *apart; /* the layer's, or NULL */
	bool is_live; /* programs go on changing the layer: what vanishes is no error */
	uint64_t *next_id;
	struct leaf_index leaves; /* of the directory whose names are read */
	uint64_t names; /* found wanted by this scan */
	uint64_t bytes; /* that their data occupies */
};

/* Returns 0, or -errno with the fault: -EOPNOTSUPP, -EPERM, … for what cannot be carried. */
int scan_layer(struct scan *scan, struct layer *layer, struct fault *fault);

#endif
