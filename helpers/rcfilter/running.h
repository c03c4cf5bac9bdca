/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which process is which service, and how it ended. */
#ifndef INITFS_RUNNING_H
#define INITFS_RUNNING_H

#include "rcfilter/starts.h"

/* Where the script is that pid has become; *it is NULL where pid is none of ours. */
struct script **running_find(struct starts *starts, pid_t pid);

/* pid is that service's script from here on. NULL without memory: then its end is not seen. */
struct script *running_add(struct starts *starts, pid_t pid, size_t service);

void running_forget(struct script **at);

/* A pidfd that tells epoll of the end of pid. Owned by the caller, or -errno. */
int running_watch(const struct starts *starts, pid_t pid);

/* A server before this one died; what it had held or let run of that service is ours now. */
void running_take_over(struct starts *starts, size_t service);

/* A process closes a script: if it is exiting, its result is known from here on. */
void running_flushed(struct starts *starts, pid_t pid);

/* A pidfd says that pid has ended. Returns true where it was the default runlevel's runner. */
bool running_ended(struct starts *starts, pid_t pid);

/* Learns of every script that has ended until now: before something is decided by it. */
void running_look(struct starts *starts);

/* Takes the exits that the proc connector has reported. */
void running_exits(struct starts *starts);

#endif
