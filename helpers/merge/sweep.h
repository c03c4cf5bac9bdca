/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removing what nobody can reach by a name of his own any more. */
#ifndef INITFS_MERGE_SWEEP_H
#define INITFS_MERGE_SWEEP_H

#include <stdbool.h>

/*
 * Removes name below dirfd, and all below it. Directories that are too deep are moved to attic (on
 * the same mount), to be swept from there. Nothing is followed, no mount is crossed. A name that
 * is not there is no error. Returns 0 or -errno.
 */
int sweep_name(int dirfd, const char *name, int attic);

/* Says whether a name has to stay. */
typedef bool sweep_keep_fn(const void *data, const char *name);

/*
 * Removes everything in dirfd, which is its own attic, but what is to be kept (keep may be NULL),
 * and the notes of flags.h. Returns how many names were kept, or -errno.
 */
int sweep_all(int dirfd, sweep_keep_fn *keep, const void *data);

#endif
