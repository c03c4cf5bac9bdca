/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes the staged copies of all that is wanted, and removes those that are no more true. Nothing
 * outside of the staging directory is written. Syncs nothing: that is once for each phase.
 */
#ifndef INITFS_MERGE_STAGE_H
#define INITFS_MERGE_STAGE_H

#include "common/fault.h"
#include "merge/copy.h"
#include "merge/layer.h"
#include "merge/place.h"

struct stage {
	struct place *place;
	struct copier *copier;
	bool is_live; /* what vanishes under our hands is left to the next scan */
	uint64_t names; /* that were staged */
};

/* Returns 0 or -errno with the fault; what was staged stays, the tree knows it. */
int stage_layer(struct stage *stage, struct layer *layer, struct fault *fault);

/*
 * Stages a link for a lower name that shows a file of the index: to the copy that was staged for
 * the file's other names, or is now. 0 or -errno with the fault.
 */
int stage_alias(struct stage *stage, struct layer *layer, struct alias *alias, struct fault *fault);

#endif
