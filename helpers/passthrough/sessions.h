/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child of a guard, and the detached mounts that it serves. */
#ifndef INITFS_SESSIONS_H
#define INITFS_SESSIONS_H

#include "passthrough/guard.h"

/*
 * New sessions with a new child, for those of views (guard->count) that are wanted (is_up): they answer, and
 * nothing is seen of them yet. 0 or -errno with the fault; then sessions_close and sessions_kill are due.
 */
int sessions_make(struct guard *guard, struct guard_view *views, struct fault *fault);

/* Closes what is still owned of the mounts. */
void sessions_close(struct guard_view *views, size_t count);

/* Ends the child, if there is one, and waits for its end. */
void sessions_kill(struct guard *guard);

#endif
