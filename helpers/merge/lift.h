/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an overlay has renamed is renamed on the disk: in one step where its new name is free, else
 * by way of the staging directory, so that each name has its old owner or its new one.
 */
#ifndef INITFS_MERGE_LIFT_H
#define INITFS_MERGE_LIFT_H

#include "merge/publish.h"

/*
 * rename(2) which gives way to nothing: with RENAME_NOREPLACE or RENAME_EXCHANGE. Takes off flags
 * that forbid it; who owns the names gives them back. 0 or -errno.
 */
int lift_rename(const struct place *place, int from_dir, const char *from, int to_dir,
		const char *to, unsigned int flags);

/*
 * Takes everything that was renamed from its old name: to its new one, or to the staging
 * directory. Where the old name gets another owner, that is published in the same step.
 */
int lift_all(struct publish *publish, struct layer *layer, struct fault *fault);

/* Brings a lifted one to its name in lower_dir. What had the name goes to the staging directory. */
int lift_place(struct publish *publish, struct move *move, int lower_dir, struct fault *fault);

#endif
