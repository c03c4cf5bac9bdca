/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * POSIX locks and OFD locks of programs, on the backing files. Such a lock belongs to an owner (a
 * process, or an open file description) and not to a descriptor of ours, so each (node, owner) gets
 * a descriptor of its own, with OFD locks (Linux 3.15) on it. All under the lock table's lock.
 */
#ifndef INITFS_HOLD_OWNERS_H
#define INITFS_HOLD_OWNERS_H

#include "hold/view.h"

/*
 * Sets or (F_UNLCK) takes away a lock of the owner that the kernel calls id, through file. 0, -EAGAIN
 * where somebody else has it, or -errno.
 */
int owner_lock(struct view *view, struct file *file, uint64_t id, const struct flock *lock);

/* What F_GETLK answers to that owner: replaces *lock. 0 or -errno. */
int owner_query(const struct file *file, uint64_t id, struct flock *lock);

/* All locks of the owner on the node go; whether there were any. */
bool owner_drop(struct node *node, uint64_t id);

/* All locks that were last set through file go; whether there were any. */
bool owners_drop_file(struct file *file);

/*
 * Takes the locks of all owners a second time, on what is to be the node's seat (next_fd). 0, or
 * -errno: -EAGAIN where somebody else has locked the disk's file.
 */
int owners_prepare(struct view *view, struct node *node);
void owners_switch(struct node *node);
void owners_unprepare(struct node *node);

#endif
