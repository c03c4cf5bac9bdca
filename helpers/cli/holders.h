/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes have files of the view or of the layers open, or stand in them. */
#ifndef INITFS_CLI_HOLDERS_H
#define INITFS_CLI_HOLDERS_H

#include "common/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct holder {
	pid_t pid;
	char command[16];
	char how[12]; /* "fd 7", "cwd", "root", "program", "mapped" */
	char *path;
};

struct holders {
	size_t count;
	struct holder *holder; /* sorted by pid, one line for each path of a process */
	size_t hidden; /* processes that could not be looked into, because we are not root */
};

/*
 * Looks at every process. A file is one of ours when it is on a mount of ours (mounts_ours), or on
 * a FUSE or overlay file system that no mount shows any more: a view that was detached while files
 * in it were open. can_ask: initfs-hold answers, so that a question to its file system is answered,
 * too. directories[count]: the protected ones, to complete the paths in a view that is detached.
 * holders_free it in any case. Returns 0 or -errno.
 */
int holders_find(struct holders *ret_holders, bool can_ask, const char *const *directories,
		 size_t count, struct fault *fault);

void holders_free(struct holders *holders);

#endif
