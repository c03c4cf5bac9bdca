/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moving a view from its overlay to the disk under the programs that use it: first every node and
 * every open file is opened a second time on the disk (all of it may fail, nothing has changed), then
 * all descriptors are exchanged and the view's mount is detached. The gate is closed all the time.
 */
#ifndef INITFS_HOLD_SEAT_H
#define INITFS_HOLD_SEAT_H

#include "hold/view.h"

#include "common/fault.h"

/* Where a node will be: its key there. */
struct seat {
	struct node *node;
	dev_t dev;
	ino_t ino;
};

struct seat_count {
	size_t nodes;
	size_t files;
	size_t orphans; /* files without a name, copied */
};

/*
 * Finds a seat for everything below disk (a directory, on a mount that may be written to; stays the
 * caller's). Fails as a whole, with the path in the fault, where the disk does not have what the
 * view shows; then it can be tried again. is_apart: the disk is not the one that the layer lies over, and
 * what it does not have is hidden by it from now on, as if it had been removed. 0 or -errno.
 */
int seat_prepare(struct view *view, int disk, bool is_apart, struct seat_count *ret_count,
		 struct fault *fault);

/* Forgets a preparation. */
void seat_unprepare(struct view *view);

/*
 * Takes the prepared seats and detaches the view. The seats are taken in any case; -errno only says
 * that the mount could not be detached: then paths go on to lead through the view, to the disk.
 */
int seat_switch(struct view *view);

#endif
