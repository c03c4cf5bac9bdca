/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that tell a process's id. */
#ifndef INITFS_PIDFILE_H
#define INITFS_PIDFILE_H

#include <sys/types.h>

/* Writes this process's id to name (0644) below dirfd, in one rename. 0 or -errno. */
int pidfile_write(int dirfd, const char *name);

/* The id in name below dirfd, or -errno; -ENOENT also where its process is gone. */
pid_t pidfile_read(int dirfd, const char *name);

/* Removes name if it tells this process's id. */
void pidfile_remove(int dirfd, const char *name);

#endif
