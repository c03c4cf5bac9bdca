/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that take two paths: rename, link and their kin. The kernel walks one path after the other
 * and compares the mounts it has arrived at; when the view is detached between the two walks, the
 * call fails with EXDEV, which the same call never did before. So at the switch no program may have
 * walked its first path only:
 *
 * - When the gate has closed, who is between is let on until it is out of its walks (walks_settle).
 * - Who begins a call while the gate is closed waits with its first question. A path that enters
 *   the view from above asks for the attributes of the view's root first, and ESTALE as the answer
 *   makes the kernel walk it once more from its start (path_parentat, filename_lookup; LOOKUP_REVAL):
 *   after the switch that leads to the disk, and so does the second path (walks_restart).
 */
#ifndef INITFS_HOLD_WALKS_H
#define INITFS_HOLD_WALKS_H

#include "hold/view.h"

#include <linux/fuse.h>

/* Notes who has asked, and when; called for each request that is answered with the gate open. */
void walks_note(struct walk_table *table, const struct fuse_in_header *request);

/*
 * Makes the kernel ask for the attributes of each view's root at the next path that enters it: what it
 * had been told before would let a call pass that nobody notes.
 */
void walks_ask_at_the_door(const struct hold *hold);

/*
 * With the gate closed, from a thread that is prepared as a worker is: returns 0 when nobody is
 * between two paths, or how many may be after a second, because a program that got no processor
 * for so long must not keep all others waiting.
 */
unsigned int walks_settle(struct hold *hold);

/* After the switch of that view, before the gate opens. */
void walks_restart(struct view *view);

#endif
