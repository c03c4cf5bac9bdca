/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that fills big files, so that the walk goes on making names meanwhile: the one waits for
 * the disk, the other for the processor.
 */
#ifndef INITFS_MERGE_BULK_H
#define INITFS_MERGE_BULK_H

#include "merge/copy.h"

#include <stdbool.h>

/* From here on it pays: smaller files are copied sooner than another thread wakes up. */
#define BULK_MIN (1024 * 1024)

/*
 * Gives away what is left to do for a file that was made: copy_contents, and closing both. false:
 * there is no thread and none can be made, and the caller does it. Waits where too many wait.
 */
bool bulk_take(struct copier *copier, const struct copy_job *job);

/*
 * Waits until all that was taken is done and ends the thread. Returns 0, or the first failure, with
 * copier->step, and whose it was in *ret_who. To be called after each walk, also one that failed.
 */
int bulk_end(struct copier *copier, void **ret_who);

#endif
