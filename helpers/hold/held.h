/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The requests that came while the gate was closed. They are read and kept instead of being left
 * with the kernel, because some of them have to be looked at, and a few answered, before the gate
 * opens (walks.h).
 */
#ifndef INITFS_HOLD_HELD_H
#define INITFS_HOLD_HELD_H

#include "hold/view.h"

#include <linux/fuse.h>

struct held {
	struct held *next;
	struct view *view;
	size_t size;
	bool is_judged; /* it stays until the gate opens; used by walks.c alone */
	struct fuse_in_header request[]; /* and what belongs to it: size bytes in all */
};

/* Before the first worker starts. */
void held_init(struct hold *hold);

/*
 * Is inside the gate when it returns true, until gate_leave. Where the gate is closed, keeps a copy of
 * the request and returns false; without memory for that it waits for the gate.
 */
bool held_enter(struct view *view, const struct fuse_buf *buf);

/* Takes the one in *slot, a link of hold->held, out. The caller has gate.lock, and then owns it. */
struct held *held_take(struct hold *hold, struct held **slot);

/* Carries the request out and frees it. The thread has to be prepared as a worker is. */
void held_answer(struct held *one);

/*
 * Hands all that is kept to threads that carry it out; call it when the gate is open. Where no
 * thread can be started it is done before this returns. What they have not come to when the gate
 * closes again stays kept.
 */
void held_release(struct hold *hold);

#endif
