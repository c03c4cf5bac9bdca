/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making the kernel forget objects that nobody uses. Each one that it has in its caches costs us a
 * descriptor, and time behind the seal, where each has to be found on the disk.
 */
#ifndef INITFS_HOLD_PRUNE_H
#define INITFS_HOLD_PRUNE_H

#include "hold/view.h"

/* In a thread of its own; does nothing while an earlier one for the same view is at work. */
void prune_start(struct view *view);

#endif
