/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removing what nobody can reach by a name of his own any more. */
#ifndef INITFS_MERGE_SWEEP_H
#define INITFS_MERGE_SWEEP_H

/*
 * Removes name below dirfd, and all below it. Directories that are too deep are moved to attic (on
 * the same mount), to be swept from there. Nothing is followed, no mount is crossed. A name that
 * is not there is no error. Returns 0 or -errno.
 */
int sweep_name(int dirfd, const char *name, int attic);

/* Removes everything in dirfd, which is its own attic. Returns 0 or -errno. */
int sweep_all(int dirfd);

#endif
