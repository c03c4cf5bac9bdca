/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What initfs-overlay has left for the merge: the directory of the state, and the list of layers in it. */
#ifndef INITFS_MERGE_STATE_H
#define INITFS_MERGE_STATE_H

#include "common/fault.h"
#include "merge/list.h"

#define STATE "/run/initfs"

/*
 * Opens the directory and reads the list. *ret_run and list are the caller's, also after a failure: a
 * descriptor or -EBADF, and what list_free takes. 0 or -errno with the fault.
 */
int state_open(int *ret_run, struct list *list, struct fault *fault);

#endif
