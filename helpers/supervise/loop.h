/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only place that waits: starts what was picked, watches it, and ends when nothing is left. */
#ifndef INITFS_SUPERVISE_LOOP_H
#define INITFS_SUPERVISE_LOOP_H

#include "supervise/watch.h"
#include "common/fault.h"
#include "common/survivor.h"

/*
 * Runs until everything it started has stopped on purpose or was given up and logins are open, or
 * until a signal: SIGTERM leaves the programs alone, SIGINT stops them first (the hook's undo).
 * Gives the verdict EXIT_DONE just before it starts the first program. Returns 0, or
 * -errno. The watch is closed in any case. With share_seconds a screen that is on its way comes first
 * for the processors for as long at most, where it can (first.h), and nobody is told to wait for it.
 */
int loop_run(struct watch *watch, unsigned int share_seconds, struct survivor *survivor,
	     struct fault *fault);

#endif
