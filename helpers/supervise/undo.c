/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends a running initfs-supervise together with what it started. */
#include "config.h"

#include "supervise/undo.h"
#include "common/fd.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

/* Twice the time that the supervisor gives its programs, and some. */
#define UNDO_MSEC 15000
/* The kernel keeps 15 bytes of a name. */
#define COMM "initfs-supervis"

/* A pid file outlives its process, and pids are used again. */
static bool is_supervisor(pid_t pid)
{
	char path[64];
	auto_free char *comm = NULL;

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	return file_read(AT_FDCWD, path, 64, &comm) > 0 && strncmp(comm, COMM "\n", 16) == 0;
}

int undo_run(int statedir, struct fault *fault)
{
	pid_t pid = file_read_pid(statedir, SUPERVISE_PID);
	struct pollfd ended = { .events = POLLIN };
	auto_close int pidfd = -EBADF;

	if (pid <= 0)
		return 0;
	/* The descriptor first: from here on the pid cannot become somebody else. */
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0 || !is_supervisor(pid))
		return 0;
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGINT, NULL, 0U) < 0)
		return fault_at(fault, -errno, "stop", "initfs-supervise");
	ended.fd = pidfd;
	if (poll(&ended, 1, UNDO_MSEC) != 1)
		return fault_at(fault, -ETIMEDOUT, "stop", "initfs-supervise");
	return 0;
}
