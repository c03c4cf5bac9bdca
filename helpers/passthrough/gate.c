/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gate that requests pass. */
#include "config.h"

#include "passthrough/gate.h"
#include "passthrough/wait.h"

#include <errno.h>
#include <time.h>

void gate_init(struct gate *gate)
{
	*gate = (struct gate){ 0 };
	(void)pthread_mutex_init(&gate->lock, NULL); /* cannot fail in glibc on Linux */
	wait_init(&gate->opened);
	wait_init(&gate->emptied);
}

void gate_enter(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	while (gate->is_closed)
		pthread_cond_wait(&gate->opened, &gate->lock);
	gate->inside++;
	pthread_mutex_unlock(&gate->lock);
}

void gate_leave(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	if (--gate->inside == 0 && gate->is_closed)
		pthread_cond_broadcast(&gate->emptied);
	pthread_mutex_unlock(&gate->lock);
}

int gate_close(struct gate *gate, unsigned int seconds)
{
	struct timespec limit = wait_limit(seconds * 1000);
	int r = 0;

	pthread_mutex_lock(&gate->lock);
	gate->is_closed = true;
	while (gate->inside && r == 0)
		r = pthread_cond_timedwait(&gate->emptied, &gate->lock, &limit);
	r = gate->inside ? -ETIMEDOUT : 0;
	if (r < 0) {
		gate->is_closed = false;
		pthread_cond_broadcast(&gate->opened);
	}
	pthread_mutex_unlock(&gate->lock);
	return r;
}

void gate_open(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->is_closed = false;
	pthread_cond_broadcast(&gate->opened);
	pthread_mutex_unlock(&gate->lock);
}
