/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The screen before everything else, for a while. */
#include "config.h"

#include "supervise/first.h"
#include "supervise/claim.h"
#include "supervise/spawn.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/report.h"
#include "common/share.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A window is visible before its program has drawn all that is in it, and some never cease to draw. */
#define DRAW_USEC (2 * 1000000ULL)

/* Whom the screen waits for at every file in a protected directory; the guard's children follow it. */
static const char *const servers[] = { "/run/initfs/hold-guard.pid", "/run/initfs/hold.pid" };

/* First itself, then who waits for it with all that he has started so far; -ENOTSUP: not on this machine. */
static int group_make(void)
{
	struct fault fault = { 0 };
	size_t i;
	int r = share_begin(&fault);

	if (r == 0)
		r = share_take(getppid(), &fault);
	for (i = 0; r == 0 && i < sizeof(servers) / sizeof(servers[0]); i++) {
		pid_t pid = file_read_live_pid(AT_FDCWD, servers[i]);

		if (pid > 0)
			(void)share_take(pid, &fault); /* it has ended, or it serves as everybody */
	}
	return r;
}

/* What the process does; it writes down itself why not. */
static int prepare(const char *folder)
{
	auto_close int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int timeline = timeline_open(dir);
	char claim[PATH_MAX];
	int r;

	if (claim_find(claim)) {
		timeline_mark(timeline, "share.none", "claim", claim, NULL);
		return 0;
	}
	r = group_make();
	if (r < 0)
		timeline_mark(timeline, "share.none", "why", strerror(-r), NULL);
	return r == 0;
}

static void group_end(void)
{
	struct fault fault = { 0 };
	int r = share_end(&fault);

	if (r < 0)
		(void)report(r, &fault, EXIT_FAILED);
}

void first_prepare(struct first *first)
{
	int r = spawn_work(prepare, "/run/initfs", &first->preparation);

	if (r < 0)
		timeline_mark(first->timeline, "share.none", "why", strerror(-r), NULL);
}

bool first_begin(struct first *first, uint64_t now)
{
	int r = spawn_result(&first->preparation);

	if (r < 0 && r != -EBADF)
		group_end(); /* it may have been killed on the way */
	if (r <= 0)
		return false;
	first->until = now + first->bound_usec;
	timeline_mark(first->timeline, "share.begin", NULL);
	return true;
}

/* How long those in the group have run, or waited for a disk, since it was made; false: it is not known. */
static bool work_find(uint64_t *ret_usec)
{
	struct fault fault = { 0 };
	auto_free char *ran = NULL;
	auto_free char *waited = NULL;
	uint64_t ran_usec, waited_usec;

	/* A kernel without PSI does not tell who waits for a disk: then nobody is taken for still. */
	if (share_read("cpu.stat", &ran, &fault) < 0 ||
	    share_read("io.pressure", &waited, &fault) < 0 ||
	    !still_find(ran, "usage_usec ", &ran_usec) ||
	    !still_find(waited, "total=", &waited_usec))
		return false;
	*ret_usec = ran_usec + waited_usec;
	return true;
}

static bool is_still(struct first *first, uint64_t now)
{
	uint64_t worked;

	if (!first->is_drawing || now < still_due(&first->still))
		return false;
	if (work_find(&worked))
		return still_next(&first->still, now, worked);
	first->still = (struct still){ 0 };
	return false;
}

static void end(struct first *first, const char *why)
{
	first->until = 0;
	group_end();
	timeline_mark(first->timeline, "share.end", "why", why, NULL);
}

static void stop_preparing(struct first *first)
{
	if (first->preparation < 0)
		return;
	spawn_stop(&first->preparation);
	group_end();
}

void first_look(struct first *first, bool comes, uint64_t now)
{
	if (!comes)
		stop_preparing(first);
	if (!first->until)
		return;
	if (!comes && !first->is_drawing) {
		first->is_drawing = true;
		if (now + DRAW_USEC < first->until)
			first->until = now + DRAW_USEC;
	}
	if (now >= first->until)
		end(first, "time");
	else if (is_still(first, now))
		end(first, "still");
}

uint64_t first_due(const struct first *first)
{
	uint64_t due = still_due(&first->still);

	return first->until && first->is_drawing && due && due < first->until ? due : first->until;
}

void first_end(struct first *first)
{
	stop_preparing(first);
	if (first->until)
		end(first, "end");
}
