/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries out a plan, and takes layers away again. The only file here that changes the machine. */
#ifndef INITFS_OVERLAY_APPLY_H
#define INITFS_OVERLAY_APPLY_H

#include "overlay/plan.h"

/*
 * Builds everything that plan says below initfs/ in run, the root's /run. Returns 0 when the layers
 * are up and listed, or -errno with some of it standing: the caller calls apply_undo then.
 */
int apply_plan(const struct plan *plan, int run, struct fault *fault);

/*
 * Takes away all layers, their tmpfs and their directories below initfs/ in run, in reverse order,
 * whoever built them and however far; what is not there is no error. What somebody still uses is
 * detached and goes when they let go. Goes on after a failure and returns the first one's -errno.
 */
int apply_undo(int run, struct fault *fault);

#endif
