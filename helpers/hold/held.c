/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests that came while the gate was closed. */
#include "config.h"

#include "hold/held.h"
#include "hold/walks.h"
#include "hold/workers.h"

#include "passthrough/wait.h"

#include <stdlib.h>
#include <string.h>

#define RELEASERS 4 /* one slow request must not keep all others waiting */

void held_init(struct hold *hold)
{
	hold->held = NULL;
	hold->held_end = &hold->held;
	wait_init(&hold->held_came);
}

bool held_enter(struct view *view, const struct fuse_buf *buf)
{
	struct hold *hold = view->hold;
	struct held *one = NULL;
	bool is_inside;

	pthread_mutex_lock(&hold->gate.lock);
	is_inside = !hold->gate.is_closed;
	if (is_inside)
		hold->gate.inside++;
	else
		one = malloc(sizeof(*one) + buf->size);
	if (one) {
		*one = (struct held){ .view = view, .size = buf->size };
		memcpy(one->request, buf->mem, buf->size);
		*hold->held_end = one;
		hold->held_end = &one->next;
		pthread_cond_signal(&hold->held_came);
	}
	pthread_mutex_unlock(&hold->gate.lock);
	if (is_inside || one)
		return is_inside;
	gate_enter(&hold->gate);
	return true;
}

void held_answer(struct held *one)
{
	const struct fuse_buf buf = { .mem = one->request, .size = one->size };

	fuse_session_process_buf(one->view->session, &buf);
	free(one);
}

struct held *held_take(struct hold *hold, struct held **slot)
{
	struct held *one = *slot;

	*slot = one->next;
	if (!*slot)
		hold->held_end = slot;
	return one;
}

/*
 * Out of the list and inside the gate in one step: where the gate closes again, the rest stays in the
 * list, for who settles walks to find it there (walks.h) and for the next release.
 */
static struct held *enter_with_first(struct hold *hold)
{
	struct held *one = NULL;

	pthread_mutex_lock(&hold->gate.lock);
	if (hold->held && !hold->gate.is_closed) {
		one = held_take(hold, &hold->held);
		hold->gate.inside++;
	}
	pthread_mutex_unlock(&hold->gate.lock);
	return one;
}

static void answer_all(struct hold *hold)
{
	struct held *one;

	while ((one = enter_with_first(hold))) {
		walks_note(&hold->walks, one->request);
		held_answer(one);
		gate_leave(&hold->gate);
	}
}

static void *releaser(void *arg)
{
	struct hold *hold = arg;

	worker_prepare(hold);
	answer_all(hold);
	return NULL;
}

static bool is_any_held(struct hold *hold)
{
	bool is_any;

	pthread_mutex_lock(&hold->gate.lock);
	is_any = hold->held;
	pthread_mutex_unlock(&hold->gate.lock);
	return is_any;
}

void held_release(struct hold *hold)
{
	size_t started = 0, i;

	for (i = 0; i < RELEASERS && is_any_held(hold); i++)
		started += start_thread(releaser, hold) == 0;
	if (!started)
		answer_all(hold);
}
