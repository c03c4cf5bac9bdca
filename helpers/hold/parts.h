/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of a view over the disk, as mountinfo knows them. Who looks whether one is still used is a
 * client of the process that serves it, so it must be another process: one that asks itself cannot
 * be killed, because its end waits for an answer that nobody gives any more.
 */
#ifndef INITFS_HOLD_PARTS_H
#define INITFS_HOLD_PARTS_H

#include "passthrough/guard.h"

/*
 * Detaches the mount with that id if it is a part of a view, and marks socket.gone, with the reason
 * unless that is NULL. Asks nobody who serves a file system. 0 or -errno; -ENOENT: there is none.
 */
int parts_detach(uint64_t id, int timeline, const char *why);

/*
 * In the guard, when mounts have changed or its time has come: takes away each part in which no
 * socket is bound and no FIFO open. Returns in how many milliseconds to look again; -1: there is
 * none, until mounts change.
 */
int parts_look(const struct guard *guard);

/* In the guard, when the process that serves has died: its parts answer nobody any more and go. */
void parts_sweep(const struct guard *guard);

#endif
