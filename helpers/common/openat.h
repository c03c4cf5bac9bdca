/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening names so that nobody who may rename or link below them can lead us elsewhere. */
#ifndef INITFS_OPENAT_H
#define INITFS_OPENAT_H

#include <sys/types.h>

/*
 * Opens path below dirfd; a path, symlink or ".." that leads out of dirfd is refused with -EXDEV,
 * /proc's magic links with -ELOOP. O_CLOEXEC is added. Returns a descriptor that the caller owns,
 * or -errno. Needs openat2 (Linux 5.6); its absence is an error, never a fallback. -EAGAIN, which
 * the kernel answers while something is renamed above us, is tried again a limited number of times.
 */
int open_beneath(int dirfd, const char *path, int flags, mode_t mode);

/* As open_beneath, and neither follows a symlink nor crosses a mount: for walks over a tree. */
int open_walk(int dirfd, const char *path, int flags, mode_t mode);

/* Opens path as a program chrooted to rootfd would: absolute symlinks and ".." stay inside. */
int open_in_root(int rootfd, const char *path, int flags, mode_t mode);

#endif
