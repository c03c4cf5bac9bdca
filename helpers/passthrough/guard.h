/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard: the parent of the process that serves FUSE views. When that one dies with views still
 * in place, everything below them answers ENOTCONN; the guard makes new sessions with a new child
 * and puts them in place of the dead views. When the children keep dying it shows the bare
 * directories behind the views instead, so that paths answer in any case.
 *
 * The guard itself is needed for nothing else: when it is killed, its child goes on serving.
 */
#ifndef INITFS_GUARD_H
#define INITFS_GUARD_H

#include "common/fault.h"
#include "common/survivor.h"
#include "passthrough/fusemount.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct guard_view {
	const char *path; /* where programs see it */
	const char *backing; /* the directory that stands behind it */
	struct fusemount mount; /* in the child: what it serves; no device, no view to serve */
	bool is_up; /* attached at path, as far as the guard knows */
};

/* What a child is given; everything else of the guard's memory it may read. */
struct guard_child {
	struct guard_view *views;
	size_t count;
	pid_t guard;
	struct survivor ready; /* to be told when it answers requests */
};

#define GUARD_DEATHS_MAX 5
#define GUARD_DEATHS_SECONDS 60

struct guard {
	const char *name; /* of the events: NAME.died, NAME.again, NAME.gave-up */
	const char *subtype; /* of the mounts */
	struct guard_view *views;
	size_t count;
	int device; /* /dev/fuse, O_PATH; owned */
	int timeline; /* owned by the caller */
	/*
	 * Runs in the child, which ends with what it returns. It tells child->ready when it serves,
	 * and returns 0 when all its sessions ended because nobody needs them any more.
	 */
	int (*serve)(struct guard_child *child, void *data);
	void *data;
	/*
	 * NULL: the devices are the child's alone, and what waits for an answer when it dies fails at
	 * once. Otherwise the guard keeps the devices too, so that requests wait instead; after the
	 * dead view was replaced or detached it is given the device of view number `view`, to answer
	 * what can be answered, and then closes it: the rest fails. Only for views on which nothing
	 * else is mounted: a look-up through one would wait for us, who wait for it.
	 */
	void (*mourn)(size_t view, int device, void *data);
	/* NULL, or called when a child has died, before anything is done about it. */
	void (*died)(const struct guard *guard);
	/*
	 * NULL, or called when mounts have changed, and after as many milliseconds as it returned
	 * (-1: not before they change again).
	 */
	int (*look)(const struct guard *guard);

	pid_t child;
	bool is_told; /* SIGTERM has come */
	int signals; /* a signalfd of SIGCHLD and SIGTERM; owned */
	time_t deaths[GUARD_DEATHS_MAX]; /* when, in seconds of CLOCK_MONOTONIC; a ring */
	size_t deaths_count;
};

/*
 * Starts the first child and attaches all views, once each of them answered a getattr. 0, or
 * -errno with everything undone. Blocks SIGCHLD and SIGTERM for the process.
 */
int guard_start(struct guard *guard, struct fault *fault);

/*
 * Guards until the child has ended for good. SIGTERM detaches the views; the child then ends when
 * the last file opened through them is closed. Returns whether views are left as bare directories.
 */
bool guard_run(struct guard *guard);

/* Pure: notes a death at now; whether that was one too many in GUARD_DEATHS_SECONDS. */
bool guard_is_hopeless(struct guard *guard, time_t now);

#endif
