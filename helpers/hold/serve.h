/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The serving process: sessions, their workers, and its life from the first request to the last. */
#ifndef INITFS_HOLD_SERVE_H
#define INITFS_HOLD_SERVE_H

#include "hold/layers.h"

#include "passthrough/guard.h"

/* For struct guard: serves the views; data is the struct layers. Returns the exit status. */
int serve(struct guard_child *child, void *data);

#endif
