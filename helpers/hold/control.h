/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket that initfs-merge and initfs talk to, and the only place where the process waits. */
#ifndef INITFS_HOLD_CONTROL_H
#define INITFS_HOLD_CONTROL_H

#include "hold/view.h"

#include "common/fault.h"

#define CONTROL_SOCKET "hold.sock"

/* Listens; the socket is root's alone. Returns a descriptor that the caller owns, or -errno. */
int control_listen(const struct hold *hold, struct fault *fault);

/*
 * Answers on the socket until all views have lost their last worker: nobody uses them any more.
 * signals is a signalfd of SIGTERM, which detaches the views. Neither descriptor is closed.
 */
void control_run(struct hold *hold, int listener, int signals);

#endif
