/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory with a file system of its own. Its lower layer is a view of that file system through
 * a read-only loop device: the block device itself stays free for init's fsck and mount. btrfs, which
 * takes such a loop device for a second device of its own, has no check before its mount and may be
 * mounted many times: it is mounted itself, read-only. A tmpfs is empty when init mounts it.
 */
#ifndef INITFS_OVERLAY_OWN_H
#define INITFS_OVERLAY_OWN_H

#include "overlay/plan.h"

/*
 * Finds the device that fstab's line names, opens it for reading and looks at what is on it. What is
 * not as it should be becomes a fact in own. The root is for /dev as it will survive switch_root.
 */
void own_look(struct own *own, int root);

/*
 * Mounts the view at dir/number, read-only, and notes in dir/number.device by which number stat(2) will
 * know what is on it, "tmpfs", or "unseen". Of a tmpfs, and of what cannot be shown and may be unseen, the
 * view is an empty directory that is made in ram.
 * Returns the root directory of the view, which the caller owns, or -errno with the fault; what
 * stands then is taken away by apply_undo. The loop device goes with the last mount of it.
 */
int own_attach(const struct own *own, int dir, const char *number, int ram, struct fault *fault);

void own_release(struct own *own);

#endif
