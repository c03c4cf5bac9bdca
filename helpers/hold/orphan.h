/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that has no name any more and that somebody still has open, copied to the disk. */
#ifndef INITFS_HOLD_ORPHAN_H
#define INITFS_HOLD_ORPHAN_H

#include "hold/view.h"

/*
 * Makes an unnamed file (O_TMPFILE) on the file system of directory and copies from (O_PATH of a
 * regular file) into it, complete: data with its holes, owner, mode, extended attributes, times.
 * Returns an O_PATH descriptor that the caller owns, or -errno.
 */
int orphan_copy(const struct hold *hold, int from, int directory);

#endif
