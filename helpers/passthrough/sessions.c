/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child and what it serves. */
#include "config.h"

#include "passthrough/sessions.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void sessions_close(struct guard_view *views, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		fusemount_close(&views[i].mount);
}

static _Noreturn void child_main(struct guard *guard, struct guard_view *views, int ready)
{
	struct guard_child child = {
		.views = views,
		.count = guard->count,
		.guard = getppid(),
		.ready = { ready },
	};
	size_t i;

	/* Of a dead child, which is not mourned yet: a device in our hands would keep it undead. */
	for (i = 0; i < guard->count && views != guard->views; i++)
		fd_close(&guard->views[i].mount.device);
	fd_close(&guard->device);
	fd_close(&guard->signals);
	_exit(guard->serve(&child, guard->data));
}

/* Waits for the child's word, or for its death: then the pipe ends. */
static int wait_until_ready(int pipe_end, struct fault *fault)
{
	unsigned char code = EXIT_FAILED;
	ssize_t n;

	do
		n = read(pipe_end, &code, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1 || code != EXIT_DONE)
		return fault_at(fault, -ECHILD, "start the process that serves the views", NULL);
	return 0;
}

/*
 * Forks a child for the mounts made in views. Only the child keeps the devices: a connection dies
 * with the last one who holds it, and it has to die with the child, or with who mourns it.
 */
static int start_child(struct guard *guard, struct guard_view *views, struct fault *fault)
{
	auto_close int listen_end = -EBADF;
	int ends[2];
	size_t i;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fault_at(fault, -errno, "make a pipe", NULL);
	listen_end = ends[0];
	guard->child = fork();
	if (guard->child < 0) {
		int r = -errno;

		fd_close(&ends[1]);
		return fault_at(fault, r, "start a process", NULL);
	}
	if (guard->child == 0) {
		fd_close(&listen_end);
		for (i = 0; i < guard->count; i++)
			fd_close(&views[i].mount.mount);
		child_main(guard, views, ends[1]);
	}
	fd_close(&ends[1]);
	for (i = 0; i < guard->count && !guard->mourn; i++)
		fd_close(&views[i].mount.device);
	return wait_until_ready(listen_end, fault);
}

/* Asks each new session for its root's attributes: what is attached has to answer. */
static int check_answers(struct guard_view *views, size_t count, struct fault *fault)
{
	struct stat st;
	size_t i;

	for (i = 0; i < count; i++)
		if (views[i].mount.mount >= 0 && fstat(views[i].mount.mount, &st) < 0)
			return fault_at(fault, -errno, "get an answer from the new view of",
					views[i].path);
	return 0;
}

int sessions_make(struct guard *guard, struct guard_view *views, struct fault *fault)
{
	size_t i;
	int r;

	for (i = 0; i < guard->count; i++) {
		if (!views[i].is_up)
			continue;
		r = fusemount_make(guard->device, guard->subtype, &views[i].mount, fault);
		if (r < 0)
			return r;
	}
	r = start_child(guard, views, fault);
	if (r < 0)
		return r;
	return check_answers(views, guard->count, fault);
}

void sessions_kill(struct guard *guard)
{
	if (guard->child <= 0)
		return;
	(void)kill(guard->child, SIGKILL);
	(void)waitpid(guard->child, NULL, 0);
	guard->child = 0;
}
