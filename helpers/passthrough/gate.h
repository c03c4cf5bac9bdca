/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate that requests pass one by one: closed, it lets nobody in, and closing waits until all
 * who are inside have left. A rwlock would do, but cannot give up waiting for somebody who is stuck
 * on a dead disk.
 */
#ifndef INITFS_GATE_H
#define INITFS_GATE_H

#include <pthread.h>
#include <stdbool.h>

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t opened;
	pthread_cond_t emptied;
	unsigned int inside;
	bool is_closed;
};

void gate_init(struct gate *gate);

/* Waits while the gate is closed, then is inside until gate_leave. */
void gate_enter(struct gate *gate);
void gate_leave(struct gate *gate);

/* Closes it; 0 when nobody is inside, or -ETIMEDOUT after that many seconds, and it is open again. */
int gate_close(struct gate *gate, unsigned int seconds);

void gate_open(struct gate *gate);

#endif
