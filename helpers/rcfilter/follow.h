/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runners: which entry they are at, which directory they read. */
#ifndef INITFS_FOLLOW_H
#define INITFS_FOLLOW_H

#include "rcfilter/starts.h"

/* A process has read that entry's link. */
void follow_seen(struct starts *starts, pid_t pid, const char *entry);

/* The entry whose link pid has read last, or NULL. */
const char *follow_entry(const struct starts *starts, pid_t pid);

/* pid, or the runner that has forked it, is the default runlevel's: when it ends, rc has. */
void follow_runner(struct starts *starts, pid_t pid);

/* Is that the level of a runner which follow_runner wants? */
bool follow_is_multi_user(char level);

/*
 * A process reads the directory of that level. Returns true where a runner does so to halt, to
 * reboot or for single-user mode: then nothing of ours may be in its way.
 */
bool follow_directory(struct starts *starts, pid_t pid, char level, bool is_flat);

/* Does that process see the late slot listed? Runners and the ls of LFS's runner do. */
bool follow_is_listing(const struct starts *starts, pid_t pid);

#endif
