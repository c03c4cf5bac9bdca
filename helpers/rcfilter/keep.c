/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After rc. */
#include "config.h"

#include "rcfilter/keep.h"
#include "rcfilter/control.h"
#include "rcfilter/evidence.h"
#include "rcfilter/netlink.h"
#include "rcfilter/result.h"
#include "rcfilter/world.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/timeline.h"
#include "common/utmp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

#define EVENTS_MAX 8
enum { TAG_NETWORK = 1, TAG_SIGNALS };

struct keep {
	struct filter *filter;
	struct control control;
	struct network network;
	int epoll;
	int watch;
	int signals;
	pid_t child; /* the script that is being started; 0: none */
	size_t service; /* which */
	bool is_over;
};

/* --- the script ------------------------------------------------------------------------------ */

/* Undoes what survivor_harden did to us and fork and exec hand on. */
static void soften(void)
{
	auto_close int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	sigset_t none;

	(void)prctl(PR_SET_IO_FLUSHER, 0, 0, 0, 0);
	if (score >= 0 && write(score, "0", 1) < 0)
		return; /* without /proc there was nothing to undo either */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The console is where rc's own scripts write; where there is none, nowhere. */
static void open_stdio(void)
{
	int input = open("/dev/null", O_RDONLY);
	int output = open("/dev/console", O_WRONLY | O_NOCTTY);

	if (output < 0)
		output = open("/dev/null", O_WRONLY);
	if (input < 0 || output < 0 || dup2(input, STDIN_FILENO) < 0 ||
	    dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
		_exit(126);
	if (input > STDERR_FILENO)
		(void)close(input);
	if (output > STDERR_FILENO)
		(void)close(output);
}

static _Noreturn void become(const char *path, char level)
{
	static const char start[] = "start";
	char runlevel[] = "RUNLEVEL=2";
	char path_word[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char previous[] = "PREVLEVEL=N";
	char home[] = "HOME=/";
	char *const environment[] = { path_word, home, runlevel, previous, NULL };
	char *const words[] = { (char *)(uintptr_t)path, (char *)(uintptr_t)start, NULL };

	if (level)
		runlevel[sizeof(runlevel) - 2] = level;
	(void)setsid();
	soften();
	open_stdio();
	(void)execve(path, words, environment);
	_exit(126);
}

/* The services of that runlevel are being stopped, whatever the network does. */
static bool goes_down(void)
{
	auto_free char *records = NULL;
	ssize_t size = file_read(AT_FDCWD, UTMP_PATH, UTMP_MAX, &records);

	return size > 0 && is_going_down(runlevel_in_utmp(records, (size_t)size));
}

static void start_next(struct keep *keep)
{
	const struct catalog *catalog = &keep->filter->scripts.catalog;
	struct board *board = keep->filter->board;
	struct facts facts = { .now = world_now(), .network = keep->network.is_up };
	auto_free size_t *order = calloc(catalog->count + 1, sizeof(*order));
	char path[PATH_MAX];

	if (!order || !decide_late(catalog, board->records, &facts, order)) {
		keep->is_over |= !decide_waits_for_network(catalog, board->records);
		return;
	}
	if (goes_down()) {
		keep->is_over = true;
		return;
	}
	keep->service = order[0];
	(void)scripts_path(&keep->filter->scripts, board->level, catalog->list[order[0]].name, path,
			   sizeof(path));
	keep->child = fork();
	if (keep->child == 0)
		become(path, board->level);
	if (keep->child < 0) { /* no memory, no pids: the next piece of news tries again */
		keep->child = 0;
		return;
	}
	record_begin(&board->records[order[0]], keep->child, facts.now);
	timeline_mark(keep->filter->timeline, "rc.back", "name", catalog->list[order[0]].name,
		      NULL);
}

static void reap(struct keep *keep)
{
	const struct catalog *catalog = &keep->filter->scripts.catalog;
	char text[16];
	int status;
	int code;

	if (!keep->child || waitpid(keep->child, &status, WNOHANG) != keep->child)
		return;
	code = result_code(status);
	record_end(&keep->filter->board->records[keep->service], code, world_now());
	(void)snprintf(text, sizeof(text), "%d", code);
	timeline_mark(keep->filter->timeline, "rc.end", "name", catalog->list[keep->service].name,
		      "code", text, NULL);
	keep->child = 0;
}

/* --- the loop -------------------------------------------------------------------------------- */

static int add(const struct keep *keep, int fd, uint64_t tag)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = tag };

	return epoll_ctl(keep->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* What we knew stands where there is no answer. */
static void ask_network(struct keep *keep)
{
	(void)netlink_ask(keep->filter->options.net_route, &keep->network);
}

static void turn_off(void *data)
{
	struct keep *keep = data;

	keep->is_over = true;
}

static int begin(struct keep *keep)
{
	sigset_t set;
	int r;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	keep->epoll = epoll_create1(EPOLL_CLOEXEC);
	keep->watch = netlink_watch(keep->filter->options.net_route);
	keep->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (keep->epoll < 0 || keep->signals < 0)
		return -errno;
	if (keep->watch < 0)
		return keep->watch;
	r = add(keep, keep->watch, TAG_NETWORK);
	if (r == 0)
		r = add(keep, keep->signals, TAG_SIGNALS);
	keep->control.catalog = &keep->filter->scripts.catalog;
	keep->control.board = keep->filter->board;
	keep->control.is_running = evidence_is_there;
	keep->control.epoll = keep->epoll;
	keep->control.off = turn_off;
	keep->control.data = keep;
	/* Without the socket nobody can ask, and the services come back all the same. */
	if (control_start(&keep->control, keep->filter->state) < 0)
		timeline_mark(keep->filter->timeline, "rc.no-socket", NULL);
	return r;
}

static void handle(struct keep *keep, uint64_t tag)
{
	struct signalfd_siginfo info;

	if (tag >= CONTROL_TAG) {
		control_event(&keep->control, tag);
	} else if (tag == TAG_NETWORK) {
		netlink_drain(keep->watch);
		ask_network(keep);
	} else {
		while (read(keep->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
			if (info.ssi_signo == SIGTERM)
				keep->is_over = true;
	}
}

int keep_run(struct filter *filter)
{
	struct keep keep = {
		.filter = filter, .epoll = -EBADF, .watch = -EBADF, .signals = -EBADF
	};
	struct epoll_event events[EVENTS_MAX];
	int r;
	int n;
	int i;

	control_init(&keep.control);
	r = begin(&keep);
	ask_network(&keep);
	while (r == 0) {
		reap(&keep);
		if (!keep.child && !keep.is_over)
			start_next(&keep);
		if (keep.is_over)
			break;
		n = epoll_wait(keep.epoll, events, EVENTS_MAX, -1);
		for (i = 0; i < n; i++)
			handle(&keep, events[i].data.u64);
	}
	control_stop(&keep.control);
	fd_close(&keep.signals);
	fd_close(&keep.watch);
	fd_close(&keep.epoll);
	return r;
}
