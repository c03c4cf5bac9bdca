/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends a running initfs-supervise together with what it started. */
#include "config.h"

#include "supervise/undo.h"
#include "common/fd.h"
#include "common/survivor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

/* Twice the time that the supervisor gives its programs, and some. */
#define UNDO_MSEC 15000

int undo_run(int statedir, struct fault *fault)
{
	auto_close int pidfd = survivor_find(statedir, SUPERVISE_PID, "initfs-supervise");
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };

	if (pidfd == -ESRCH)
		return 0;
	if (pidfd < 0)
		return fault_at(fault, pidfd, "find", "initfs-supervise");
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGINT, NULL, 0U) < 0)
		return errno == ESRCH ? 0 : fault_at(fault, -errno, "stop", "initfs-supervise");
	if (poll(&ended, 1, UNDO_MSEC) != 1)
		return fault_at(fault, -ETIMEDOUT, "stop", "initfs-supervise");
	return 0;
}
