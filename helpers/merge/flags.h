/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inode flags (chattr). Immutable and append-only keep a name from being renamed, so they are
 * taken off for as long as that takes. Where other names keep the inode, a note in the staging
 * directory says so, and whoever empties that gives it back.
 */
#ifndef INITFS_MERGE_FLAGS_H
#define INITFS_MERGE_FLAGS_H

#include <stdbool.h>

/* How the names of such notes begin. */
#define FLAGS_NOTE 'k'

/* Those that keep others from changing the object: FS_IMMUTABLE_FL, FS_APPEND_FL. */
extern const unsigned int flags_protecting;

/*
 * Gives a new object those of from, and those that a copy-up leaves behind of lower (-EBADF: there
 * is none). Neither of them protecting ones. A file system without flags has none. 0 or -errno.
 */
int flags_carry(int from, int lower, int to);

/* Makes the protecting ones what they should be. 0 or -errno. */
int flags_protect(int fd, unsigned int protect);
int flags_protect_at(int dirfd, const char *name, unsigned int protect);

/* Takes the protecting ones off name below dirfd, or off dirfd itself with ".". 0 or -errno. */
int flags_lift(int staging, int dirfd, const char *name);

/* Gives back what the notes in the staging directory say, and removes them. 0 or -errno. */
int flags_restore(int staging);

#endif
