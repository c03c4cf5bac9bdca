/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making things as the program that asked for them: with its fsuid, fsgid and umask, so that owner,
 * group and default ACLs come out as they would without us. The kernel has checked the program's
 * permissions before it asked (default_permissions), so ours must not be checked a second time.
 */
#ifndef INITFS_CALLER_H
#define INITFS_CALLER_H

#include <stdbool.h>
#include <sys/types.h>

struct caller {
	uid_t uid;
	gid_t gid;
	pid_t pid; /* of the thread that asked; 0 where it is in another pid namespace */
	mode_t umask;
};

/*
 * Once in each thread that calls the rest: gives it a umask and a working directory of its own
 * (unshare(CLONE_FS)). 0 or -errno.
 */
int caller_prepare(void);

/*
 * This thread makes files, and takes blocks, as caller until caller_leave. 0, or -errno with nothing
 * changed.
 */
int caller_enter(const struct caller *caller);

/* As caller_enter, without CAP_FSETID: the file system clears a setgid bit that is not its due. */
int caller_enter_plain(const struct caller *caller);

void caller_leave(void);

/*
 * Whether the setgid bit of a file of that group may stay when the caller changes it: it is in the
 * group, also by a supplementary one, or has CAP_FSETID. FUSE tells neither, /proc/PID/status does.
 */
bool is_caller_in_group(const struct caller *caller, gid_t group);

#endif
