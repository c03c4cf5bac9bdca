/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting and trying. One thread, and one place that blocks: news of mounts, signals, a timer.
 *
 * After a failure the next try comes with the next news, when somebody asks, when RAM runs short,
 * before a shutdown ends, or after a pause that doubles.
 * Programs go on in RAM as long as it takes, and lose nothing but room there.
 */
#include "config.h"

#include "merge/daemon.h"
#include "merge/attempt.h"
#include "merge/due.h"
#include "merge/farewell.h"
#include "merge/list.h"
#include "merge/news.h"
#include "merge/request.h"
#include "merge/retire.h"
#include "merge/state.h"
#include "merge/tuck.h"
#include "merge/wake.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/mountinfo.h"
#include "common/openat.h"
#include "common/report.h"
#include "common/survivor.h"
#include "common/timeline.h"
#include "common/utmp.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define PID_FILE "merge.pid"
#define OMIT_NAME "initfs-merge"
/* A device that fstab wants below a protected directory may never come. */
#define WANTED_SECONDS 60

struct daemon {
	struct list list;
	int run; /* /run/initfs */
	int timeline;
	struct news news;
	struct due due;
	struct request request; /* who waits for an answer */
	unsigned int pause; /* seconds to the next try after a failure */
	struct farewell farewell;
	bool is_leaving; /* the machine, not only the runlevel */
	bool is_verified;
	bool is_stuck; /* something on top of a view could not be put beneath, and there is no news since */
	bool has_clock; /* runs since only what is wanted is missing */
	char said[1000]; /* how the last attempt ended, or before the first one what it waits for */
};

static void daemon_close(struct daemon *daemon)
{
	farewell_end(&daemon->farewell);
	list_free(&daemon->list);
	request_answer(&daemon->request, EXIT_FAILED, "the merge was told to end");
	news_close(&daemon->news, daemon->run);
	fd_close(&daemon->run);
	fd_close(&daemon->timeline);
}

static int write_pid(int fd, struct fault *fault)
{
	char pid[32];
	int n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());

	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) != n)
		return fault_at(fault, -errno, "write", STATE "/" PID_FILE);
	return 0;
}

/* One merge at a time; the lock goes with the process. Returns the descriptor, owned. */
static int lock_state(const struct daemon *daemon, struct fault *fault)
{
	auto_close int fd =
		openat(daemon->run, PID_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	int r;

	if (fd < 0)
		return fault_at(fault, -errno, "open", STATE "/" PID_FILE);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return fault_because(fault, errno == EWOULDBLOCK ? -EBUSY : -errno, "lock",
				     STATE "/" PID_FILE, "a merge is running or waiting");
	r = write_pid(fd, fault);
	return r < 0 ? r : take_fd(&fd);
}

/* Everything by path comes after the change of root; before it, nothing. */
static int daemon_open(struct daemon *daemon, struct fault *fault)
{
	int r = state_open(&daemon->run, &daemon->list, fault);
	if (r < 0)
		return r;
	daemon->timeline = timeline_open(daemon->run); /* may be none */
	return news_open(&daemon->news, fault);
}

/* A RAM layer or a utmp that cannot be read is not at its end. */
static void look_around(struct daemon *daemon)
{
	auto_close int ram = openat(daemon->run, "ram", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_free char *records = NULL;
	struct due *due = &daemon->due;
	const struct due before = *due;
	struct statvfs st;
	ssize_t size;
	char runlevel;

	/* In this order: what is written from here on is news. */
	news_watch_utmp(&daemon->news, UTMP_PATH);
	size = file_read(AT_FDCWD, UTMP_PATH, UTMP_MAX, &records);
	/* Once: a layer that wavers there is no reason to try each second. */
	if (ram >= 0 && fstatvfs(ram, &st) == 0 && due_is_near_full(st.f_blocks, st.f_bfree))
		due->is_near_full = true;
	runlevel = size > 0 ? runlevel_in_utmp(records, (size_t)size) : '\0';
	due->is_going_down = is_going_down(runlevel);
	daemon->is_leaving = runlevel == '0' || runlevel == '6';
	if (due->is_near_full && !before.is_near_full) {
		due->is_blocked = false;
		timeline_mark(daemon->timeline, "ram.near-full", NULL);
		report_line("the RAM layer is four fifths full%s",
			    due->is_manual ? "; 'initfs merge' takes it to the disk" : "");
	}
	if (due->is_going_down && !before.is_going_down) {
		due->is_blocked = false;
		daemon->pause = DUE_FIRST_PAUSE;
		timeline_mark(daemon->timeline, "merge.going-down", NULL);
		farewell_begin(&daemon->farewell);
	}
	if (before.is_going_down && !due->is_going_down)
		farewell_end(&daemon->farewell);
	if (daemon->is_leaving)
		farewell_look(&daemon->farewell, daemon->run, ram);
}

static bool is_cut_off(const struct daemon *daemon)
{
	return daemon->is_leaving && daemon->farewell.is_cut_off;
}

static void say_cut_off(struct daemon *daemon)
{
	request_answer(&daemon->request, EXIT_FAILED, "the RAM layer has been unmounted");
	farewell_say(&daemon->farewell, &daemon->list, daemon->timeline, daemon->said);
}

/* Is it time to try? Starts the clock for what is only wanted. */
static int is_time(struct daemon *daemon, bool *ret_is_time, struct fault *fault)
{
	char why[256];
	struct due *due = &daemon->due;
	int r = 0;

	/* At once: what init has mounted on top of a view hides it. */
	if (!daemon->is_stuck)
		r = tuck_all(&daemon->list, daemon->run, daemon->timeline, fault);
	daemon->is_stuck = daemon->is_stuck || r < 0;

	due->wake = WAKE_NOT_YET;
	if (r == 0)
		r = wake_look(&daemon->list, daemon->news.mountinfo, &due->wake, why, sizeof(why),
			      fault);

	if (r < 0)
		return r;
	*ret_is_time = due_now(due);
	if (due->wake == WAKE_NOT_YET && !daemon->said[0])
		(void)snprintf(daemon->said, sizeof(daemon->said), "%s", why);
	if (!*ret_is_time && daemon->request.peer >= 0) {
		request_answer(&daemon->request, EXIT_REFUSED, why);
		due->is_asked = false;
	}
	if (due->wake == WAKE_SOON && !daemon->has_clock) {
		news_set_timer(&daemon->news, WANTED_SECONDS);
		daemon->has_clock = true;
	}
	return 0;
}

static void say_failure(struct daemon *daemon, int error, const struct fault *fault,
			const struct attempt_result *result)
{
	const char *text = daemon->said;

	report_text(daemon->said, sizeof(daemon->said), error, fault);
	if (result->is_refused)
		timeline_mark(daemon->timeline, "merge.refused", "step",
			      fault->step ? fault->step : "", "why", text, NULL);
	else
		timeline_mark(daemon->timeline, "merge.failed", "why", text, NULL);
	report_line("%s; programs go on in RAM", text);
	if (daemon->is_leaving)
		farewell_say(&daemon->farewell, &daemon->list, daemon->timeline, text);
}

static void say_success(struct daemon *daemon, const struct attempt_result *result)
{
	char names[24], bytes[24];

	(void)snprintf(names, sizeof(names), "%" PRIu64, result->names);
	(void)snprintf(bytes, sizeof(bytes), "%" PRIu64, result->bytes);
	timeline_mark(daemon->timeline, "merge.done", "names", names, "bytes", bytes, NULL);
	(void)snprintf(daemon->said, sizeof(daemon->said), "%s names with %s bytes are on the disk",
		       names, bytes);
	report_note("%s", daemon->said);
}

static enum exit_code try_once(struct daemon *daemon)
{
	const struct attempt_settings settings = {
		.list = &daemon->list,
		.run = daemon->run,
		.timeline = daemon->timeline,
		.is_verified = daemon->is_verified,
	};
	struct attempt_result result = { 0 };
	struct fault fault = { 0 };
	int r;

	timeline_mark(daemon->timeline, "merge.wake", NULL);
	r = tuck_all(&daemon->list, daemon->run, daemon->timeline, &fault);
	if (r == 0)
		r = attempt_run(&settings, &result, &fault);
	if (r == 0) {
		say_success(daemon, &result);
		retire(&daemon->list, daemon->run, daemon->timeline);
		return EXIT_DONE;
	}
	say_failure(daemon, r, &fault, &result);
	return result.is_refused ? EXIT_REFUSED : EXIT_FAILED;
}

/* The attempt itself mounts and unmounts: that is no news to try again for. */
static void schedule_retry(struct daemon *daemon)
{
	struct due *due = &daemon->due;

	news_forget_mounts(&daemon->news);
	due->is_asked = false;
	due->is_forced = false;
	due->is_blocked = true;
	news_set_timer(&daemon->news, daemon->pause);
	daemon->pause = due_next_pause(due, daemon->pause);
}

static void take_news(struct daemon *daemon, int news)
{
	struct due *due = &daemon->due;

	if (news & NEWS_CHILD)
		farewell_reap(&daemon->farewell);
	if (news & NEWS_TIMER)
		due->is_late = true;
	if (news & NEWS_ASKED)
		due->is_asked = true;
	if (news & NEWS_REQUEST && request_take(daemon->news.requests, &daemon->request) == 0) {
		due->is_asked = true;
		due->is_forced = daemon->request.is_now;
	}
	/* Who has asked once wants it done, if not now then later. */
	if (due->is_asked)
		due->is_manual = false;
	/* A tick is none of them. */
	if (news & ~NEWS_UTMP)
		due->is_blocked = daemon->is_stuck = false;
}

static enum exit_code try_and_answer(struct daemon *daemon)
{
	enum exit_code code = try_once(daemon);

	request_answer(&daemon->request, code, daemon->said);
	/* Who has asked meanwhile gets the same answer: there will be nobody to give another. */
	while (code == EXIT_DONE && request_take(daemon->news.requests, &daemon->request) == 0)
		request_answer(&daemon->request, code, daemon->said);
	return code;
}

/* Is there nothing left to do? */
static bool try_if_due(struct daemon *daemon)
{
	struct fault fault = { 0 };
	bool try = false;
	int r = is_time(daemon, &try, &fault);

	if (r == 0 && !try)
		return false;
	if (r < 0) {
		say_failure(daemon, r, &fault, &(struct attempt_result){ 0 });
	} else {
		tuck_be_quick(&daemon->list, false);
		if (try_and_answer(daemon) == EXIT_DONE)
			return true;
		tuck_be_quick(&daemon->list, true);
	}
	schedule_retry(daemon);
	return false;
}

static enum exit_code wait_and_merge(struct daemon *daemon)
{
	daemon->pause = DUE_FIRST_PAUSE;
	tuck_be_quick(&daemon->list, true);
	for (;;) {
		int r;

		look_around(daemon);
		if (is_cut_off(daemon))
			say_cut_off(daemon);
		else if (try_if_due(daemon))
			return EXIT_DONE;
		r = news_wait(&daemon->news);
		if (r < 0)
			return EXIT_FAILED;
		if (r & NEWS_STOP)
			return EXIT_DONE;
		take_news(daemon, r);
	}
}

static enum exit_code start(struct daemon *daemon, const struct options *opt, int *ret_lock)
{
	struct fault fault = { 0 };
	int r = survivor_enter(opt->root, &fault);

	if (r == 0)
		r = daemon_open(daemon, &fault);
	if (r == 0) {
		*ret_lock = lock_state(daemon, &fault);
		r = *ret_lock < 0 ? *ret_lock : 0;
	}
	if (r == 0 && opt->wait)
		r = news_listen(&daemon->news, daemon->run, &fault);
	if (r == 0)
		return EXIT_DONE;
	(void)report(r, &fault, EXIT_REFUSED);
	return EXIT_REFUSED;
}

static enum exit_code run(const struct options *opt, struct survivor *survivor, char *name)
{
	struct daemon daemon = { .run = -EBADF,
				 .timeline = -EBADF,
				 .news = NEWS_NONE,
				 .due = { .is_manual = opt->manual },
				 .is_verified = opt->verify,
				 .farewell = { .name = name },
				 .request = { .peer = -EBADF } };
	auto_close int lock = -EBADF;
	enum exit_code code = start(&daemon, opt, &lock);

	if (code == EXIT_DONE && opt->wait) {
		(void)survivor_omit(
			OMIT_NAME); /* without it sendsigs ends us: RAM would be lost anyway */
		report_to_kernel_log();
		survivor_verdict(survivor, EXIT_DONE);
		code = wait_and_merge(&daemon);
		(void)unlink("/run/sendsigs.omit.d/" OMIT_NAME);
	} else if (code == EXIT_DONE) {
		code = try_once(&daemon);
	} else {
		survivor_verdict(survivor, code);
	}
	if (lock >= 0)
		(void)unlinkat(daemon.run, PID_FILE, 0);
	daemon_close(&daemon);
	return code;
}

int daemon_run(const struct options *opt, char **argv)
{
	struct survivor survivor = { .verdict = -EBADF };
	int r;

	if (opt->wait) {
		survivor_begin();
		r = survivor_fork(&survivor);
		if (r < 0) {
			report_line("cannot start a process: %s", strerror(-r));
			return EXIT_FAILED;
		}
		survivor_harden(argv);
	}
	return run(opt, &survivor, argv[0]);
}
