/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that serves the views: one thread, one loop, the only place that waits. */
#ifndef INITFS_RC_SERVE_H
#define INITFS_RC_SERVE_H

#include "passthrough/guard.h"

/*
 * For guard.serve; data is the struct filter. Serves until nobody has anything of the views open,
 * which comes after they were detached: when the runner of the default runlevel has ended, when one
 * of halt, reboot or single-user mode begins, on SIGTERM, and on request.
 */
int serve(struct guard_child *child, void *data);

#endif
