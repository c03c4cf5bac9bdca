/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a dead screen leaves behind. */
#include "config.h"

#include "supervise/leftover.h"
#include "supervise/ready.h"
#include "common/fd.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

/* An X server puts the screen back in order when it ends; then it is killed. */
#define END_USEC (5 * 1000000ULL)
#define STAT_MAX 4096

struct relatives {
	pid_t parent;
	pid_t session;
};

/* Of a process that has not ended; zeros for any other. The fields of /proc/PID/stat. */
static struct relatives relatives_of(int proc, pid_t pid)
{
	struct relatives relatives = { 0 };
	auto_free char *stat = NULL;
	char path[32];
	const char *after;
	char state;

	(void)snprintf(path, sizeof(path), "%d/stat", (int)pid);
	if (file_read(proc, path, STAT_MAX, &stat) < 0)
		return relatives;
	after = strrchr(stat, ')'); /* the name before it may hold anything */
	if (!after ||
	    sscanf(after + 1, " %c %d %*d %d", &state, &relatives.parent, &relatives.session) !=
		    3 ||
	    state == 'Z')
		return (struct relatives){ 0 };
	return relatives;
}

/* Sends signal_number (0: only looks) to each process of the session; returns how many there are. */
static unsigned int signal_session(pid_t session, int signal_number)
{
	auto_closedir DIR *proc = opendir("/proc");
	unsigned int count = 0;
	struct dirent *entry;

	while (session && proc && (entry = readdir(proc))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid <= 0 || relatives_of(dirfd(proc), pid).session != session)
			continue;
		count++;
		if (signal_number)
			(void)kill(pid, signal_number);
	}
	return count;
}

static void signal_server(const struct leftover *leftover, int signal_number)
{
	if (leftover->server >= 0)
		(void)syscall(SYS_pidfd_send_signal, leftover->server, signal_number, NULL, 0U);
}

void leftover_init(struct leftover *leftover)
{
	*leftover = (struct leftover){ .server = -EBADF };
}

void leftover_end(struct leftover *leftover, const struct entry *entry, pid_t session, uint64_t now)
{
	pid_t pid;

	leftover_close(leftover);
	leftover->server = display_server(entry, &pid);
	leftover->session = session;
	leftover->deadline = now + END_USEC;
	signal_server(leftover, SIGTERM);
	(void)signal_session(session, SIGTERM);
}

void leftover_end_orphan(struct leftover *leftover, const struct entry *entry, uint64_t now)
{
	auto_close int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t pid;

	leftover_close(leftover);
	leftover->server = display_server(entry, &pid);
	if (leftover->server >= 0 && relatives_of(proc, pid).parent != 1)
		fd_close(&leftover->server);
	leftover->deadline = now + END_USEC;
	signal_server(leftover, SIGTERM);
}

bool leftover_is_there(struct leftover *leftover, uint64_t now)
{
	struct pollfd ended = { .fd = leftover->server, .events = POLLIN };
	int signal_number = now >= leftover->deadline ? SIGKILL : 0;

	if (leftover->server >= 0 && poll(&ended, 1, 0) != 0)
		fd_close(&leftover->server);
	if (leftover->session && signal_session(leftover->session, signal_number) == 0)
		leftover->session = 0;
	if (signal_number)
		signal_server(leftover, signal_number);
	/* What cannot even be killed hangs in the kernel, and is not waited for. */
	if (now >= leftover->deadline + END_USEC)
		leftover_close(leftover);
	return leftover->server >= 0 || leftover->session;
}

void leftover_close(struct leftover *leftover)
{
	fd_close(&leftover->server);
	leftover_init(leftover);
}
