/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting and trying. One thread, and one place that blocks: news of mounts, signals, a timer.
 *
 * After a failure the next try comes with the next news, at SIGUSR1, or after a pause that doubles.
 * Programs go on in RAM as long as it takes, and lose nothing but room there.
 */
#include "config.h"

#include "merge/daemon.h"
#include "merge/attempt.h"
#include "merge/list.h"
#include "merge/retire.h"
#include "merge/tuck.h"
#include "merge/wake.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/mountinfo.h"
#include "common/openat.h"
#include "common/report.h"
#include "common/survivor.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#define STATE "/run/initfs"
#define PID_FILE "merge.pid"
#define OMIT_NAME "initfs-merge"
/* A device that fstab wants below a protected directory may never come. */
#define WANTED_SECONDS 60
/* A failure that goes away does so soon (a file was being mounted); one that stays is no hurry. */
#define RETRY_FIRST_SECONDS 2
#define RETRY_MAX_SECONDS 300

struct daemon {
	struct list list;
	int run; /* /run/initfs */
	int timeline;
	int mountinfo;
	int signals;
	int timer;
	unsigned int retry; /* seconds to the next try after a failure */
	bool is_asked; /* SIGUSR1: do not wait for what is only wanted */
	bool is_late; /* the timer ran out */
	bool has_clock; /* runs since only what is wanted is missing */
};

static void daemon_close(struct daemon *daemon)
{
	list_free(&daemon->list);
	fd_close(&daemon->run);
	fd_close(&daemon->timeline);
	fd_close(&daemon->mountinfo);
	fd_close(&daemon->signals);
	fd_close(&daemon->timer);
}

static int read_list(struct daemon *daemon, struct fault *fault)
{
	auto_free char *text = NULL;
	ssize_t length = file_read(daemon->run, "layers", LIST_TEXT_MAX, &text);
	int r = length < 0 ? (int)length : 0;

	if (r == 0)
		r = list_parse(&daemon->list, take_pointer(text));
	if (r == 0)
		tuck_mark(&daemon->list, daemon->run);
	return r < 0 ? fault_at(fault, r, "read the list of layers", STATE "/layers") : 0;
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

static int open_signals(struct fault *fault)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return fault_at(fault, -errno, "block signals", NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? fault_at(fault, -errno, "wait for signals", NULL) : fd;
}

/* Everything by path comes after the change of root; before it, nothing. */
static int daemon_open(struct daemon *daemon, struct fault *fault)
{
	int r;

	daemon->run = open(STATE, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (daemon->run < 0)
		return fault_at(fault, -errno, "open the state in", STATE);
	r = read_list(daemon, fault);
	if (r < 0)
		return r;
	daemon->timeline = timeline_open(daemon->run); /* may be none */
	daemon->mountinfo = open(MOUNTINFO_PATH, O_RDONLY | O_CLOEXEC);
	if (daemon->mountinfo < 0)
		return fault_at(fault, -errno, "read the mounts in", MOUNTINFO_PATH);
	daemon->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (daemon->timer < 0)
		return fault_at(fault, -errno, "make a timer", NULL);
	daemon->signals = open_signals(fault);
	return daemon->signals < 0 ? daemon->signals : 0;
}

/*
 * What init mounts on top of a view hides it until we have put it beneath: that does not wait for a
 * free processor. What fails here only takes longer.
 */
static void be_quick(const struct daemon *daemon, bool is_quick)
{
	const struct sched_param param = { .sched_priority = is_quick };
	size_t i;

	for (i = 0; i < daemon->list.count; i++)
		if (daemon->list.entries[i].is_own) {
			(void)sched_setscheduler(0, is_quick ? SCHED_FIFO : SCHED_OTHER, &param);
			return;
		}
}

static void set_timer(const struct daemon *daemon, unsigned int seconds)
{
	const struct itimerspec when = { .it_value = { .tv_sec = seconds } };

	(void)timerfd_settime(daemon->timer, 0, &when, NULL); /* cannot fail for a valid time */
}

static int take_signal(struct daemon *daemon)
{
	struct signalfd_siginfo info;

	if (read(daemon->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	if (info.ssi_signo != SIGUSR1)
		return -EINTR;
	daemon->is_asked = true;
	return 0;
}

/* The only place that blocks. -EINTR: told to stop. */
static int wait_for_news(struct daemon *daemon)
{
	struct pollfd wait[] = {
		{ .fd = daemon->signals, .events = POLLIN },
		{ .fd = daemon->timer, .events = POLLIN },
		{ .fd = daemon->mountinfo, .events = POLLPRI },
	};
	uint64_t ticks;

	if (poll(wait, sizeof(wait) / sizeof(wait[0]), -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (wait[1].revents && read(daemon->timer, &ticks, sizeof(ticks)) > 0)
		daemon->is_late = true;
	return wait[0].revents ? take_signal(daemon) : 0;
}

/* Is it time to try? Starts the clock for what is only wanted. */
static int is_time(struct daemon *daemon, bool *ret_is_time, struct fault *fault)
{
	char why[256];
	enum wake wake = WAKE_NOT_YET;
	/* At once: what init has mounted on top of a view hides it. */
	int r = tuck_all(&daemon->list, daemon->run, daemon->timeline, fault);

	if (r == 0)
		r = wake_look(&daemon->list, daemon->mountinfo, &wake, why, sizeof(why), fault);

	if (r < 0)
		return r;
	*ret_is_time =
		wake == WAKE_READY || (wake == WAKE_SOON && (daemon->is_late || daemon->is_asked));
	if (wake == WAKE_SOON && !daemon->has_clock) {
		set_timer(daemon, WANTED_SECONDS);
		daemon->has_clock = true;
	}
	return 0;
}

static void say_failure(const struct daemon *daemon, int error, const struct fault *fault,
			const struct attempt_result *result)
{
	char text[1000];

	report_text(text, sizeof(text), error, fault);
	if (result->is_refused)
		timeline_mark(daemon->timeline, "merge.refused", "step",
			      fault->step ? fault->step : "", "why", text, NULL);
	else
		timeline_mark(daemon->timeline, "merge.failed", "why", text, NULL);
	report_line("%s; programs go on in RAM", text);
}

/* What follows a success. The disk is right already: nothing here is a reason to stop. */
static void clean_up(struct daemon *daemon, const struct attempt_result *result)
{
	struct fault fault = { 0 };
	char names[24], bytes[24];
	int r;

	(void)snprintf(names, sizeof(names), "%" PRIu64, result->names);
	(void)snprintf(bytes, sizeof(bytes), "%" PRIu64, result->bytes);
	timeline_mark(daemon->timeline, "merge.done", "names", names, "bytes", bytes, NULL);
	r = retire_layers(&daemon->list, daemon->run, daemon->timeline, &fault);
	if (r < 0)
		(void)report(r, &fault, EXIT_FAILED);
	r = retire_nologin();
	if (r < 0)
		report_line("cannot remove /run/nologin: %s", strerror(-r));
	r = retire_timeline(daemon->run);
	if (r < 0)
		report_line("cannot copy the timeline to /var/log/initfs: %s", strerror(-r));
}

static enum exit_code try_once(struct daemon *daemon)
{
	struct attempt_result result = { 0 };
	struct fault fault = { 0 };
	int r;

	timeline_mark(daemon->timeline, "merge.wake", NULL);
	r = tuck_all(&daemon->list, daemon->run, daemon->timeline, &fault);
	if (r == 0)
		r = attempt_run(&daemon->list, daemon->run, daemon->timeline, &result, &fault);
	if (r == 0) {
		clean_up(daemon, &result);
		return EXIT_DONE;
	}
	say_failure(daemon, r, &fault, &result);
	return result.is_refused ? EXIT_REFUSED : EXIT_FAILED;
}

/* The attempt itself mounts and unmounts: that is no news to try again for. */
static void schedule_retry(struct daemon *daemon)
{
	struct pollfd news = { .fd = daemon->mountinfo, .events = POLLPRI };

	(void)poll(&news, 1, 0);
	daemon->is_asked = false;
	set_timer(daemon, daemon->retry);
	daemon->retry =
		daemon->retry * 2 > RETRY_MAX_SECONDS ? RETRY_MAX_SECONDS : daemon->retry * 2;
}

static enum exit_code wait_and_merge(struct daemon *daemon)
{
	daemon->retry = RETRY_FIRST_SECONDS;
	be_quick(daemon, true);
	for (;;) {
		struct fault fault = { 0 };
		bool try = false;
		int r = is_time(daemon, &try, &fault);

		if (r < 0) {
			say_failure(daemon, r, &fault, &(struct attempt_result){ 0 });
			schedule_retry(daemon);
		} else if (try) {
			be_quick(daemon, false);
			if (try_once(daemon) == EXIT_DONE)
				return EXIT_DONE;
			be_quick(daemon, true);
			schedule_retry(daemon);
		}
		r = wait_for_news(daemon);
		if (r == -EINTR)
			return EXIT_DONE;
		if (r < 0)
			return EXIT_FAILED;
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
	if (r == 0)
		return EXIT_DONE;
	(void)report(r, &fault, EXIT_REFUSED);
	return EXIT_REFUSED;
}

static enum exit_code run(const struct options *opt, struct survivor *survivor)
{
	struct daemon daemon = { .run = -EBADF,
				 .timeline = -EBADF,
				 .mountinfo = -EBADF,
				 .signals = -EBADF,
				 .timer = -EBADF };
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
	return run(opt, &survivor);
}
