/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding a name of an object that was only known by another one, which is gone. */
#ifndef INITFS_HOLD_SEARCH_H
#define INITFS_HOLD_SEARCH_H

#include "hold/view.h"

/*
 * Walks the tree below root (a directory) for a name of the object that st tells, and the same way
 * below disk. Returns an O_PATH descriptor, which the caller owns, of what is called so there;
 * -ENOENT where no name was found, or -errno.
 */
int search_link(const struct hold *hold, int root, int disk, const struct stat *st);

#endif
