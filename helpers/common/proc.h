/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of /proc/PID. */
#ifndef INITFS_PROC_H
#define INITFS_PROC_H

#include <sys/types.h>

/*
 * Reads the beginning of a file of /proc/PID ("status", also "task/7/wchan"), at most size - 1
 * bytes, and ends it with NUL. proc is a descriptor of /proc, or AT_FDCWD for the one that is
 * mounted. Returns the length or -errno.
 */
ssize_t proc_read(int proc, pid_t pid, const char *name, char *text, size_t size);

#endif
