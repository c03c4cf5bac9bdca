/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking the views away from outside. */
#ifndef INITFS_RC_UNDO_H
#define INITFS_RC_UNDO_H

#include "common/fault.h"

#include <stdbool.h>

#define RCFILTER_SUBTYPE "initfs-rcfilter"
#define RCFILTER_TYPE "fuse." RCFILTER_SUBTYPE

/*
 * Enters root, detaches every view of ours and waits, with a limit, until who serves and guards
 * them has gone. 0, also where there is nothing to undo, or -errno.
 */
int undo(const char *root, struct fault *fault);

/* Is there a view of ours in this mount namespace? */
bool undo_is_needed(void);

#endif
