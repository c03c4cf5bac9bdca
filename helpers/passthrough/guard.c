/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard. Its order at a death: new sessions first (devices, detached mounts, child, an answer),
 * then for each view: detach the dead one, attach the new one at once.
 */
#include "config.h"

#include "passthrough/guard.h"
#include "passthrough/carry.h"
#include "passthrough/sessions.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/mountfd.h"
#include "common/parse.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

bool guard_is_hopeless(struct guard *guard, time_t now)
{
	time_t *slot = &guard->deaths[guard->deaths_count % GUARD_DEATHS_MAX];
	bool is_hopeless =
		guard->deaths_count >= GUARD_DEATHS_MAX && now - *slot < GUARD_DEATHS_SECONDS;

	*slot = now;
	guard->deaths_count++;
	return is_hopeless;
}

static void mark(const struct guard *guard, const char *what, const char *key, const char *value)
{
	char event[64];

	(void)snprintf(event, sizeof(event), "%s.%s", guard->name, what);
	timeline_mark(guard->timeline, event, key, value, NULL);
}

/* The last of what a dead child's sessions had: see guard.h. */
static void mourn(struct guard *guard, size_t view)
{
	int *device = &guard->views[view].mount.device;

	if (*device >= 0 && guard->mourn)
		guard->mourn(view, *device, guard->data);
	fd_close(device);
}

static void mourn_all(struct guard *guard)
{
	size_t i;

	for (i = 0; i < guard->count; i++)
		mourn(guard, i);
}

static void detach_all(struct guard *guard)
{
	size_t i;

	for (i = guard->count; i-- > 0;) {
		struct guard_view *view = &guard->views[i];

		int r = view->is_up ? fusemount_detach(view->path, view->mount.id) : 0;

		if (r < 0 && r != -ENOENT) /* ENOENT: somebody else has detached it */
			mark(guard, "kept", "dir", view->path);
		view->is_up = false;
	}
}

static int watch_signals(struct guard *guard, struct fault *fault)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return fault_at(fault, -errno, "block signals", NULL);
	guard->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (guard->signals < 0)
		return fault_at(fault, -errno, "watch for signals", NULL);
	return 0;
}

static int attach_first(struct guard *guard, struct fault *fault)
{
	size_t i;
	int r;

	for (i = 0; i < guard->count; i++) {
		struct guard_view *view = &guard->views[i];

		r = mountfd_attach(view->mount.mount, AT_FDCWD, view->path, fault);
		if (r < 0)
			return r;
		view->is_up = true;
		fd_close(&view->mount.mount); /* it would keep the mount busy */
	}
	return 0;
}

int guard_start(struct guard *guard, struct fault *fault)
{
	size_t i;
	int r;

	guard->child = 0;
	guard->signals = -EBADF;
	for (i = 0; i < guard->count; i++) {
		guard->views[i].mount = (struct fusemount){ -EBADF, -EBADF, 0 };
		guard->views[i].is_up = true; /* wanted; nothing is attached before attach_first */
	}
	guard->device = open("/dev/fuse", O_PATH | O_CLOEXEC);
	if (guard->device < 0)
		return fault_at(fault, -errno, "open", "/dev/fuse");
	r = watch_signals(guard, fault);
	if (r == 0)
		r = sessions_make(guard, guard->views, fault);
	for (i = 0; i < guard->count; i++)
		guard->views[i].is_up = false;
	if (r == 0)
		r = attach_first(guard, fault);
	if (r < 0) {
		detach_all(guard);
		sessions_close(guard->views, guard->count);
		sessions_kill(guard);
	}
	return r;
}

/*
 * A runner that meets the bare directory between the two mounts starts things past us. Before Linux
 * 6.5 there is such an instant.
 */
static int exchange(const struct guard_view *view, int fresh, struct fault *fault)
{
	uint64_t id = 0; /* gcc does not see that it is set wherever it is read */
	bool is_beneath =
		fusemount_id(fresh, &id) == 0 && mountfd_attach_beneath(fresh, view->path) == 0;
	int r = fusemount_detach(view->path, view->mount.id);

	if (r < 0 && is_beneath)
		(void)fusemount_detach(view->path, id); /* somebody else took the old one */
	if (r < 0 || is_beneath)
		return r;
	return mountfd_attach(fresh, AT_FDCWD, view->path, fault);
}

/* Is the view mounted in another one? Those come first in the list. */
static bool is_inner(const struct guard *guard, const struct guard_view *view)
{
	const struct guard_view *outer;

	for (outer = guard->views; outer < view; outer++)
		if (is_below(view->path, outer->path))
			return true;
	return false;
}

/* Also one in a dead view, whose path leads nowhere. */
static bool is_in_place(const struct guard_view *view)
{
	uint64_t id;

	if (fusemount_id_at(view->path, &id) == 0)
		return id == view->mount.id;
	return fusemount_look(view->path, view->mount.id) == 0;
}

/* In place of the dead view: fresh (a mount's descriptor) with what was mounted below it. */
static int replace(struct guard *guard, struct guard_view *view, int fresh, struct fault *fault)
{
	struct carry carry;
	int r;

	carry_collect(&carry, view->path, guard);
	/* What stood on another one of ours has gone with that a moment ago. */
	if (is_inner(guard, view) && fusemount_look(view->path, view->mount.id) == -ENOENT)
		r = mountfd_attach(fresh, AT_FDCWD, view->path, fault);
	else
		r = exchange(view, fresh, fault);
	if (r == 0 && carry_attach(&carry) < 0)
		mark(guard, "lost-mount", "path", carry.lost);
	carry_free(&carry);
	return r;
}

/* Views that were switched or detached meanwhile are no longer ours to mend. */
static bool update_wanted(struct guard *guard)
{
	bool is_any = false;
	size_t i;

	for (i = 0; i < guard->count; i++) {
		struct guard_view *view = &guard->views[i];

		view->is_up = view->is_up && is_in_place(view);
		is_any = is_any || view->is_up;
	}
	return is_any;
}

static int again(struct guard *guard, struct fault *fault)
{
	auto_free struct guard_view *fresh = calloc(guard->count, sizeof(*fresh));
	size_t i;
	int r;

	if (!fresh)
		return -ENOMEM;
	memcpy(fresh, guard->views, guard->count * sizeof(*fresh));
	for (i = 0; i < guard->count; i++)
		fresh[i].mount = (struct fusemount){ -EBADF, -EBADF, 0 };
	r = sessions_make(guard, fresh, fault);
	for (i = 0; i < guard->count && r == 0; i++) {
		if (!fresh[i].is_up)
			continue;
		r = replace(guard, &guard->views[i], fresh[i].mount.mount, fault);
		mourn(guard, i);
		guard->views[i].mount.device = take_fd(&fresh[i].mount.device);
		guard->views[i].mount.id = fresh[i].mount.id;
		guard->views[i].is_up = r == 0;
		if (r == -ENOENT)
			r = 0; /* it went while we were preparing */
	}
	sessions_close(fresh, guard->count);
	if (r < 0)
		sessions_kill(guard);
	return r;
}

/* The bare directories in place of views that nobody serves. */
static void give_up(struct guard *guard)
{
	struct fault fault = { 0 };
	size_t i;

	for (i = 0; i < guard->count; i++) {
		struct guard_view *view = &guard->views[i];
		auto_close int bare = -EBADF;

		if (!view->is_up)
			continue;
		bare = mountfd_clone(AT_FDCWD, view->backing, 0, &fault);
		if (bare >= 0)
			(void)replace(guard, view, bare, &fault);
		else
			(void)fusemount_detach(view->path, view->mount.id);
		mark(guard, "gave-up", "dir", view->path);
		mourn(guard, i);
	}
}

/* A child has died with that wait status. Whether the guard goes on. */
static bool mend(struct guard *guard, int status)
{
	struct fault fault = { 0 };
	char text[32];

	(void)snprintf(text, sizeof(text), WIFSIGNALED(status) ? "signal:%d" : "exit:%d",
		       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	mark(guard, "died", "status", text);
	for (;;) {
		if (guard_is_hopeless(guard, (time_t)(clock_usec(CLOCK_MONOTONIC) / 1000000)))
			return false;
		if (again(guard, &fault) == 0)
			break;
		mark(guard, "died", "why", fault.step ? fault.step : "start");
		fault = (struct fault){ 0 };
	}
	(void)snprintf(text, sizeof(text), "%d", (int)guard->child);
	mark(guard, "again", "pid", text);
	return true;
}

/* Until there is a signal to be read, or for ever where there is nothing else to do. */
static void wait_and_look(struct guard *guard, int mountinfo)
{
	struct pollfd wait[] = {
		{ .fd = guard->signals, .events = POLLIN },
		{ .fd = mountinfo, .events = POLLPRI },
	};
	int timeout = 0;

	while (guard->look && !(wait[0].revents & POLLIN)) {
		wait[0].revents = wait[1].revents = 0;
		if (poll(wait, 2, timeout) < 0)
			continue; /* EINTR by SIGSTOP and SIGCONT */
		if (!(wait[0].revents & POLLIN))
			timeout = guard->look(guard);
	}
}

bool guard_run(struct guard *guard)
{
	auto_close int mountinfo = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct signalfd_siginfo info;
	int status;

	for (;;) {
		wait_and_look(guard, mountinfo);
		if (read(guard->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
			continue; /* EINTR by SIGSTOP and SIGCONT */
		if (info.ssi_signo == SIGTERM) {
			guard->is_told = true;
			detach_all(guard);
			continue;
		}
		if (waitpid(guard->child, &status, WNOHANG) != guard->child)
			continue;
		guard->child = 0;
		if (guard->died)
			guard->died(guard);
		/* Whatever its status says: what counts is whether a view stands there unserved. */
		if (!update_wanted(guard)) {
			mourn_all(guard);
			return false;
		}
		if (!mend(guard, status)) {
			give_up(guard);
			mourn_all(guard);
			return true;
		}
	}
}
