/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads that carry requests out. */
#ifndef INITFS_HOLD_WORKERS_H
#define INITFS_HOLD_WORKERS_H

#include "hold/view.h"

#include "common/fault.h"

/* Starts those of all views that this process serves, and the one for locks. 0 or -errno. */
int workers_start(struct hold *hold, struct fault *fault);

/*
 * Once in each thread that carries requests out: gives it a umask and a working directory of its
 * own. The process ends where that cannot be had.
 */
void worker_prepare(const struct hold *hold);

/* A thread with a small stack that nobody waits for. 0 or -errno. */
int start_thread(void *(*run)(void *), void *arg);

#endif
