/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conditions with a limit by the monotonic clock: init sets the wall clock from the RTC while we
 * live, and a limit must not jump with it.
 */
#ifndef INITFS_WAIT_H
#define INITFS_WAIT_H

#include <pthread.h>
#include <time.h>

/* A condition for pthread_cond_timedwait with what wait_limit says. Cannot fail in glibc on Linux. */
void wait_init(pthread_cond_t *condition);

/* That many milliseconds from now. */
struct timespec wait_limit(unsigned int msec);

#endif
