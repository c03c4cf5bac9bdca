/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INITFS_CLOCK_H
#define INITFS_CLOCK_H

#include <stdint.h>
#include <time.h>

/* What a clock of the kernel says, in microseconds. None that we ask can fail since Linux 2.6.39. */
static inline uint64_t clock_usec(clockid_t clock)
{
	struct timespec now = { 0 };

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

#endif
