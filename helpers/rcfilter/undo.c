/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking the views away from outside. */
#include "config.h"

#include "rcfilter/undo.h"
#include "rcfilter/words.h"
#include "common/fd.h"
#include "common/mountinfo.h"
#include "common/survivor.h"
#include "passthrough/fusemount.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#define PATIENCE_MSEC 5000 /* the kernel ends a session that nobody uses at once */
#define ROUND_MSEC 100

/* The mount points of our views, the first mounted first. 0 or -errno. */
static int find_views(struct words *paths)
{
	auto_free char *text = NULL;
	struct mountinfo info;
	int r = mountinfo_read(&text);
	char *rest = text;

	while (r == 0 && mountinfo_next(&rest, &info))
		if (strcmp(info.type, RCFILTER_TYPE) == 0)
			r = words_add(paths, info.target, strlen(info.target));
	return r;
}

bool undo_is_needed(void)
{
	struct words paths = { 0 };
	bool is_needed = find_views(&paths) == 0 && paths.count;

	words_free(&paths);
	return is_needed;
}

static int detach_views(struct fault *fault)
{
	struct words paths = { 0 };
	int r = find_views(&paths);
	uint64_t id;
	size_t i;

	for (i = paths.count; r == 0 && i-- > 0;) {
		r = fusemount_id_of(paths.word[i], RCFILTER_TYPE, &id);
		if (r == 0)
			r = fusemount_detach(paths.word[i], id);
		if (r == -ENOENT)
			r = 0; /* it has gone meanwhile, or lies below another mount */
		if (r < 0)
			(void)fault_at(fault, r, "detach the view of", paths.word[i]);
	}
	words_free(&paths);
	return r;
}

/*
 * Asks the process in the pid file to end and waits for it: again and again, because a guard that
 * becomes the one who waits for the network wants to be asked in that life too. One that stays is
 * killed.
 */
static void wait_for_end(int state, const char *name)
{
	auto_close int process = survivor_find(state, name, "initfs-rcfilter");
	struct pollfd watch = { .fd = process, .events = POLLIN };
	int waited;

	if (process < 0)
		return; /* it has ended */
	for (waited = 0; waited < PATIENCE_MSEC; waited += ROUND_MSEC) {
		(void)syscall(SYS_pidfd_send_signal, process, SIGTERM, NULL, 0);
		if (poll(&watch, 1, ROUND_MSEC) > 0)
			return;
	}
	(void)syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0);
	(void)poll(&watch, 1, PATIENCE_MSEC);
}

int undo(const char *root, struct fault *fault)
{
	auto_close int state = -EBADF;
	int r = survivor_enter(root, fault);

	if (r == 0)
		r = detach_views(fault);
	if (r < 0)
		return r;
	state = open("/run/initfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (state < 0)
		return 0; /* nobody has left a pid there */
	/* The guard first: it would take the death of its child for an accident. */
	wait_for_end(state, "rcfilter.pid");
	wait_for_end(state, "rcfilter-serve.pid");
	return 0;
}
