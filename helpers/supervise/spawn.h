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
 * Returns 0 and the child, whose pidfd the caller owns, or -errno.
 */
int spawn_entry(const struct entry *entry, pid_t *ret_pid, int *ret_pidfd, struct fault *fault);

/* Pure: the script for sh -c, written to script[size]. Returns 0 or -E2BIG. */
int spawn_script(const struct entry *entry, char *script, size_t size);

#endif
