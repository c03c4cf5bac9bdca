/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends a running initfs-supervise together with what it started. */
#ifndef INITFS_SUPERVISE_UNDO_H
#define INITFS_SUPERVISE_UNDO_H

#include "common/fault.h"

#define SUPERVISE_PID "supervise.pid"

/*
 * Tells the supervisor whose pid file is in statedir to stop its programs and end, and waits for
 * that. 0 also where none runs; -ETIMEDOUT where it does not end.
 */
int undo_run(int statedir, struct fault *fault);

#endif
