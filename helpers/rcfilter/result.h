/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a script ended, although it is not our child. A shell that exits closes its script, which is
 * a FLUSH to us before its parent can know; then its exit code stands in /proc/PID/stat. Scripts
 * that end as another program are told by the kernel's proc connector, where that is to be had.
 */
#ifndef INITFS_RESULT_H
#define INITFS_RESULT_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The exit code of pid, or -SIGNAL, if it is exiting: 0 and *ret_code, or -EAGAIN where it is not.
 * To be asked of a registered script only. The order matters: /proc/PID/statm first, and stat only
 * of a process without memory, because the stat of one that is inside of execve waits for its end.
 */
int result_of_exiting(int proc, pid_t pid, int *ret_code);

/*
 * The same of a process that has ended and was waited for, by its pidfd (Linux 6.15), or -errno:
 * -ESRCH while it is there, -ENOTTY where the kernel cannot.
 */
int result_of_gone(int pidfd, int *ret_code);

/* A wait status as exit code or -SIGNAL. */
int result_code(int status);

/*
 * A socket that reports each exit (CONFIG_PROC_EVENTS, the first pid namespace, root), or -errno.
 * Owned by the caller. What is not an exit is filtered in the kernel.
 */
int result_watch(void);

/*
 * Takes the next exit: 1 with pid and code, 0 when there is none, or -errno (-ENOBUFS: some were
 * lost).
 */
int result_next(int watch, pid_t *ret_pid, int *ret_code);

#endif
