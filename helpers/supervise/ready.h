/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at the machine: is a program ready, a device there, a directory writable? Changes nothing. */
#ifndef INITFS_SUPERVISE_READY_H
#define INITFS_SUPERVISE_READY_H

#include "supervise/conf.h"

#include <stdbool.h>
#include <sys/types.h>

/* What is kept between two looks at a program that is not ready. */
struct probe {
	int fd; /* an X server that was asked, the other end of a notify descriptor, or -EBADF */
	off_t offset; /* so far a file has been read */
};

/* Before the program is started: what its file holds already says nothing. */
void probe_init(struct probe *probe, const struct entry *entry);

/* When it is ready, or has ended. */
void probe_close(struct probe *probe);

/* Does the entry's program, running as pid, show the readiness that the entry names? */
bool is_ready(const struct entry *entry, pid_t pid, struct probe *probe);

/*
 * A pidfd, owned by the caller, of the X server that listens where the entry's readiness is asked
 * for, and its pid; -errno where none does or the entry is no such screen.
 */
int display_server(const struct entry *entry, pid_t *ret_pid);

/* Is there a device for one of the patterns (or no pattern at all)? Character or block device. */
bool has_device(const struct words *patterns);

/* The first directory that cannot be written, or NULL. */
const char *not_writable(const struct words *directories);

/*
 * The pid of a process that the entry's pid file names, lives, and is the entry's program (the same
 * file as start-stop-daemon compares): somebody else started it. Else 0.
 */
pid_t running_elsewhere(const struct entry *entry);

/* Does the process with the pid in path live? */
bool has_live_pid(const char *path);

#endif
