/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conditions with a limit by the monotonic clock. */
#include "config.h"

#include "passthrough/wait.h"

void wait_init(pthread_cond_t *condition)
{
	pthread_condattr_t monotonic;

	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(condition, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
}

struct timespec wait_limit(unsigned int msec)
{
	struct timespec limit = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_sec += (time_t)(msec / 1000);
	limit.tv_nsec += (long)(msec % 1000) * 1000000;
	if (limit.tv_nsec >= 1000000000) {
		limit.tv_nsec -= 1000000000;
		limit.tv_sec++;
	}
	return limit;
}
