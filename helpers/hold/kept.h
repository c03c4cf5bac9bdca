/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of a view that stay when the rest is on the disk: directories with sockets that somebody is
 * bound to or FIFOs that somebody has open, or one such object. Each is a clone of the view's mount
 * over the disk's directory, made by the merge. What the serving process has to do with them: when
 * the last name in one is removed, it goes at once. All else is the guard's work (parts.h).
 */
#ifndef INITFS_HOLD_KEPT_H
#define INITFS_HOLD_KEPT_H

#include "hold/view.h"

/* Notes the mount over what is (dev, ino) on the disk. 0 or -errno. */
int kept_note(struct view *view, uint64_t mount, dev_t dev, ino_t ino);

/* At the end of a seal: forgets those of views that were not switched; whoever made them undoes it. */
void kept_settle(struct hold *hold);

/*
 * A name was removed from the directory (dev, ino) of the disk, open as dirfd: if no other that
 * could be in use is left, the part goes before its owner is told, who may want to remove the
 * directory itself next.
 */
void kept_removed(struct hold *hold, int dirfd, dev_t dev, ino_t ino);

#endif
