/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of a view over the disk, as mountinfo knows them. Who looks whether one is still used is a
 * client of the process that serves it, so it must be another process: one that asks itself cannot
 * be killed, because its end waits for an answer that nobody gives any more.
 */
#ifndef INITFS_HOLD_PARTS_H
#define INITFS_HOLD_PARTS_H

#include "passthrough/guard.h"

#include <stdatomic.h>

/* The merge keeps no more than 256 in an attempt. */
#define PARTS_MAX 1024

/*
 * Which mounts are parts: those that the merge has named, and no other mount of a view, which is
 * somebody's own (fstab: "/tmp /var/tmp none bind"). Shared by the guard and who serves.
 */
struct parts {
	atomic_ullong id[PARTS_MAX]; /* 0: free */
};

/* Makes an empty list, shared with the children that come; for as long as the process lives. NULL: no memory. */
struct parts *parts_make(void);

/* 0, or -ENOSPC. */
int parts_note(struct parts *parts, uint64_t id);
void parts_forget(struct parts *parts, uint64_t id);

/*
 * Detaches the mount with that id if it is a part of a view, forgets it, and marks socket.gone, with the reason
 * unless that is NULL. Asks nobody who serves a file system. 0 or -errno; -ENOENT: there is none.
 */
int parts_detach(struct parts *parts, uint64_t id, int timeline, const char *why);

/*
 * In the guard, whose data is a struct served: when mounts have changed or its time has come: takes away each part in which no
 * socket is bound and no FIFO open. Returns in how many milliseconds to look again; -1: there is
 * none, until mounts change.
 */
int parts_look(const struct guard *guard);

/* In the guard, when the process that serves has died: its parts answer nobody any more and go. */
void parts_sweep(const struct guard *guard);

#endif
