/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of /proc/PID. */
#ifndef INITFS_PROC_H
#define INITFS_PROC_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Reads the beginning of a file of /proc/PID ("status", also "task/7/wchan"), at most size - 1
 * bytes, and ends it with NUL. proc is a descriptor of /proc, or AT_FDCWD for the one that is
 * mounted. Returns the length or -errno.
 */
ssize_t proc_read(int proc, pid_t pid, const char *name, char *text, size_t size);

/*
 * When the process was started, in clock ticks since the boot. With its pid that names it for good:
 * exec changes neither, and a later process with the same pid has another. Returns 0 or -errno.
 */
int proc_start_time(pid_t pid, uint64_t *ret_ticks);

#endif
