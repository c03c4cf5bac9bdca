/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking the views away again, before anybody uses them. */
#ifndef INITFS_HOLD_UNDO_H
#define INITFS_HOLD_UNDO_H

#include "common/fault.h"

#define UNDO_TYPE "fuse.initfs-hold"

/*
 * Becomes a process of root (survivor_enter), detaches every view that is on top of its directory,
 * and waits until the processes of initfs-hold have ended; those that do not are killed. What is
 * already gone is no error. 0 or -errno.
 */
int undo(const char *root, struct fault *fault);

#endif
