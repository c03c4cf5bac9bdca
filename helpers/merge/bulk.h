/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that fills big files and sends to the disk what was staged so far, so that the walk goes
 * on making names meanwhile: the one waits for the disk, the other for the processor.
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
 * So many objects are written to the disk while the walk makes the next ones. Much less, and the
 * journal is closed more often than it pays; what a seal leaves to be staged is less than that.
 */
#define BULK_FLUSH 2000

/*
 * Begins to write what was staged to the disk of the directory dir, in time for the caller's own
 * sync to find little left. Nothing is promised: no thread, a failure, or an earlier one that still
 * goes on, and that sync does it all and says what is wrong.
 */
void bulk_flush(struct copier *copier, int dir);

/*
 * Waits until all that was taken is done and ends the thread. Returns 0, or the first failure, with
 * copier->step, and whose it was in *ret_who. To be called after each walk, also one that failed.
 */
int bulk_end(struct copier *copier, void **ret_who);

#endif
