/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is asking: a runner of start scripts, its child, or anybody else. */
#ifndef INITFS_RUNNER_H
#define INITFS_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The late slot's script: it runs scripts itself, so it is a runner too. */
#define LATE_NAME "initfs-late"
#define LATE_ENTRY "S99" LATE_NAME

enum runner_kind {
	RUNNER_NONE,
	RUNNER_SHELL, /* rc, rcS, rc.M …: one script after the other */
	RUNNER_STARTPAR, /* several at a time; reads only names and /etc/init.d */
	RUNNER_LATE, /* our own late slot */
};

struct runner {
	enum runner_kind kind;
	char level; /* '0'…'6', 'S'; 0 where the command line does not say */
	bool stops; /* it stops services */
	bool is_final; /* Slackware's rc.M: the only runner there is, with no directory to read */
};

/* Pure: a process by its /proc/PID/cmdline of size bytes (words end with a zero byte). */
struct runner runner_of(const char *cmdline, size_t size);

/*
 * The runner that pid is, or still is: a child that has been forked and has not yet become its
 * script has its parent's command line. proc is a descriptor of /proc. Reading cmdline and status
 * is safe while pid is inside of execve; most else in /proc/PID would wait for its end, which waits
 * for us.
 */
struct runner runner_at(int proc, pid_t pid);

/*
 * pid opens the script name: is it the shell that Slackware's rc.M has started as "sh SCRIPT"? Then
 * that runner, else one of kind RUNNER_NONE. "sh SCRIPT stop" is none.
 */
struct runner runner_of_shell(int proc, pid_t pid, const char *name);

/* Is a file of that name a runner, which is never a service? */
bool runner_of_name(const char *name);

/* Is pid an ls that a runner has started? LFS reads its directories with one. */
bool runner_is_ls(int proc, pid_t pid);

/* The outermost ancestor of pid (or pid) that is still a runner; 0 where pid is none. */
pid_t runner_top(int proc, pid_t pid);

/* The name of a script in the name of an entry ("S20ssh" to "ssh"); NULL where it is no entry. */
const char *entry_script(const char *entry);

/* The runlevel in the name of a directory ("rc2.d" to '2', "rcS.d" to 'S'); 0: another name. */
char directory_level(const char *name);

#endif
