/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A share of the processors for the screen, while init boots beside it: a control group (cgroup v2)
 * that comes before everything else, where somebody wants a processor at all. init and what it starts
 * are not touched: they stay in the hierarchy's root, which is where everybody is in the end.
 * No mount of it is ever to be seen.
 */
#ifndef INITFS_SHARE_H
#define INITFS_SHARE_H

#include "common/fault.h"

#include <sys/types.h>

/* For how many seconds a boot may be told to stand back for its screen, at most. */
#define SHARE_SECONDS_MAX 3600

/*
 * Makes the group and puts this process into it, and so all that it will start from then on. -ENOTSUP where the
 * hierarchy does not have the processors (no such controller, or it belongs to cgroup v1); then, and
 * on any other error, nothing has changed.
 */
int share_begin(struct fault *fault);

/*
 * Puts the process pid into the group as well, and the children that it has: one that was started before the
 * group was there, or that those in it wait for. 0, or the -errno of the process itself.
 */
int share_take(pid_t pid, struct fault *fault);

/*
 * Reads one of the group's files, such as cpu.stat. The caller owns *ret_text. 0 or -errno: -ENOENT also where
 * the kernel has no such file.
 */
int share_read(const char *file, char **ret_text, struct fault *fault);

/*
 * Takes the group away, whoever made it: first what makes it special, then everybody in it goes to
 * the root. Does nothing where there is none. 0 or -errno; on an error it is an ordinary group at most.
 */
int share_end(struct fault *fault);

#endif
