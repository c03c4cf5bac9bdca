/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nobody is inside a closed gate, everybody gets in when it opens, and who is stuck is not waited for. */
#include "config.h"

#include "check.h"
#include "passthrough/gate.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>

enum { THREADS = 4, ROUNDS = 200 };

static struct gate gate;
static atomic_int inside;
static atomic_int passed;
static atomic_bool is_over;

static void *pass(void *arg)
{
	while (!is_over) {
		gate_enter(&gate);
		inside++;
		sched_yield();
		inside--;
		passed++;
		gate_leave(&gate);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	int i, before, wrong = 0;

	gate_init(&gate);
	/* Somebody who does not leave: closing gives up, and the gate is open again. */
	gate_enter(&gate);
	CHECK_INT(gate_close(&gate, 0), -ETIMEDOUT);
	gate_enter(&gate);
	gate_leave(&gate);
	gate_leave(&gate);

	for (i = 0; i < THREADS; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, pass, NULL), 0);
	for (i = 0; i < ROUNDS; i++) {
		before = passed;
		while (passed == before)
			sched_yield(); /* they get on whenever it is open */
		wrong += gate_close(&gate, 60) != 0;
		before = passed;
		sched_yield();
		wrong += inside != 0 || passed != before;
		gate_open(&gate);
	}
	CHECK_INT(wrong, 0);
	is_over = true;
	for (i = 0; i < THREADS; i++)
		CHECK_INT(pthread_join(threads[i], NULL), 0);
	return check_result();
}
