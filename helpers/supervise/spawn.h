/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only fork and exec. */
#ifndef INITFS_SUPERVISE_SPAWN_H
#define INITFS_SUPERVISE_SPAWN_H

#include "supervise/conf.h"
#include "common/fault.h"

#include <sys/types.h>

/*
 * Starts the entry's program as a child: a session of its own, default signals, umask 022, "/" as
 * working directory, a clean environment (PATH, HOME, TERM and the entry's own), stdio on
 * /dev/null and no other descriptor, and none of the hardening of this process (it may be chosen
 * by the OOM killer as any other). It goes through /bin/sh, which reads the entry's defaults and
 * becomes the program: the pid stays the same.
 *
 * Returns 0 and the child, whose pidfd the caller owns, or -errno. Where the entry's readiness is a
 * notify descriptor, *ret_notify is the end of its pipe to read from, which does not block and the
 * caller owns; else it is left alone.
 */
int spawn_entry(const struct entry *entry, pid_t *ret_pid, int *ret_pidfd, int *ret_notify,
		struct fault *fault);

/* Runs the entry's commands for when its screen shows something, and does not wait for them. */
void spawn_when_shown(const struct entry *entry);

/*
 * Runs work in a child that ends with it, or when this process does; it has no descriptor of ours. Its exit
 * status is 0 if work returns more than 0. Returns 0 and the pidfd, which the caller owns, or -errno.
 */
int spawn_work(int (*work)(const char *argument), const char *argument, int *ret_pidfd);

/*
 * How that goes: 0, it is at work; 1, it has ended with status 0; -errno, it has not. Has *pidfd collected and
 * closed when it has ended. -EBADF where there is none.
 */
int spawn_result(int *pidfd);

/* Ends it, collects and closes *pidfd. Does nothing where there is none. */
void spawn_stop(int *pidfd);

/* Pure: the script for sh -c, written to script[size]. Returns 0 or -E2BIG. */
int spawn_script(const struct entry *entry, char *script, size_t size);

#endif
