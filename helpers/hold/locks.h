/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks of programs, carried out on the backing files, so that they also exclude programs that
 * reach the disk without us after the switch. flock(2) is done on the descriptor of the open file,
 * the rest in owners.c; here are those who wait.
 */
#ifndef INITFS_HOLD_LOCKS_H
#define INITFS_HOLD_LOCKS_H

#include "hold/view.h"

void locks_init(struct lock_table *table);

/* The thread that tries waiting locks again; arg is the struct hold. Never ends. */
void *locks_thread(void *arg);

/* The kernel tells that a process closed a descriptor of the file: its POSIX locks on it go. */
void locks_drop_owner(struct view *view, struct node *node, uint64_t owner);

/* The last descriptor of an open file goes, and with it locks that belong to it (F_OFD_SETLK). */
void locks_drop_file(struct view *view, struct file *file);

/* Something was unlocked. */
void locks_wake(struct lock_table *table);

/*
 * Takes the locks of a node a second time on what is to be its seat (node->next_fd), and those of
 * its open files on file->next_fd. 0, or -errno: -EAGAIN where somebody else has locked the disk's
 * file. Only while the gate is closed. owners_switch and owners_unprepare follow.
 */
int locks_prepare(struct view *view, struct node *node);

#endif
