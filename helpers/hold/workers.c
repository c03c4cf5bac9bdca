/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads that carry requests out. */
#include "config.h"

#include "hold/workers.h"
#include "hold/held.h"
#include "hold/locks.h"
#include "hold/privileges.h"
#include "hold/walks.h"

#include <errno.h>
#include <linux/fuse.h>
#include <stdlib.h>
#include <unistd.h>

#define WORKERS 4 /* for each view: requests that wait for a disk must not stop all others */
#define STACK_SIZE (256 * 1024)

void worker_prepare(const struct hold *hold)
{
	/* Path calls (xattrs, chmod) reach objects by their descriptor's number from here. */
	if (caller_prepare() < 0 || fchdir(hold->proc) < 0)
		abort(); /* without both, files would be made with a wrong owner or mode */
}

static void worker_ends(struct view *view)
{
	bool is_last;

	pthread_mutex_lock(&view->hold->gate.lock);
	is_last = --view->workers == 0;
	pthread_mutex_unlock(&view->hold->gate.lock);
	if (is_last)
		view_wake(view->hold);
}

/*
 * Linux 6.1 asks for a file without a name as it asks for one with a name, by another number; the
 * flags tell it as well. libfuse 3.14 does not know that number, and knows the other one.
 */
static void translate(struct view *view, const struct fuse_buf *buf)
{
	struct fuse_in_header *header = buf->mem;

	if (header->opcode == FUSE_TMPFILE)
		header->opcode = FUSE_CREATE;
	privileges_note(view, header);
}

/* Ends with the session: when the last file opened through the view has been closed (ENODEV). */
static void *worker(void *arg)
{
	struct view *view = arg;
	struct fuse_buf buf = { 0 };
	int n;

	worker_prepare(view->hold);
	while (!fuse_session_exited(view->session)) {
		n = fuse_session_receive_buf(view->session, &buf);
		if (n == -EINTR || n == -EAGAIN)
			continue;
		if (n <= 0)
			break;
		translate(view, &buf);
		if (!held_enter(view, &buf))
			continue;
		walks_note(&view->hold->walks, buf.mem);
		fuse_session_process_buf(view->session, &buf);
		gate_leave(&view->hold->gate);
	}
	free(buf.mem);
	worker_ends(view);
	return NULL;
}

int start_thread(void *(*run)(void *), void *arg)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int r;

	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
	(void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	r = pthread_create(&thread, &attributes, run, arg);
	(void)pthread_attr_destroy(&attributes);
	return -r;
}

int workers_start(struct hold *hold, struct fault *fault)
{
	size_t i;
	int n, r;

	for (i = 0; i < hold->count; i++) {
		struct view *view = &hold->views[i];

		if (!view->session)
			continue;
		view->workers = WORKERS;
		for (n = 0; n < WORKERS; n++) {
			r = start_thread(worker, view);
			if (r < 0)
				return fault_at(fault, r, "start a thread for", view->path);
		}
	}
	r = start_thread(locks_thread, hold);
	return r < 0 ? fault_at(fault, r, "start a thread", NULL) : 0;
}
