/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The serving process: sessions, their workers, and its life from the first request to the last. */
#ifndef INITFS_HOLD_SERVE_H
#define INITFS_HOLD_SERVE_H

#include "hold/layers.h"

#include "passthrough/guard.h"

struct parts;

/* What the guard and each process that serves work on. */
struct served {
	struct layers layers;
	struct parts *parts;
};

/* For struct guard: serves the views; data is the struct served. Returns the exit status. */
int serve(struct guard_child *child, void *data);

#endif
