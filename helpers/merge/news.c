/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a merge waits for. */
#include "config.h"

#include "merge/news.h"
#include "merge/request.h"
#include "common/fd.h"
#include "common/mountinfo.h"
#include "common/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* RAM fills in seconds. */
#define TICK_MS 1000

static int open_signals(struct fault *fault)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return fault_at(fault, -errno, "block signals", NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? fault_at(fault, -errno, "wait for signals", NULL) : fd;
}

int news_open(struct news *news, struct fault *fault)
{
	news->mountinfo = open(MOUNTINFO_PATH, O_RDONLY | O_CLOEXEC);
	if (news->mountinfo < 0)
		return fault_at(fault, -errno, "read the mounts in", MOUNTINFO_PATH);
	news->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (news->timer < 0)
		return fault_at(fault, -errno, "make a timer", NULL);
	news->utmp = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	news->signals = open_signals(fault);
	return news->signals < 0 ? news->signals : 0;
}

int news_listen(struct news *news, int run, struct fault *fault)
{
	news->requests = packet_listen(run, REQUEST_SOCKET);
	return news->requests < 0 ? fault_at(fault, news->requests, "listen at", REQUEST_SOCKET)
				  : 0;
}

void news_close(struct news *news, int run)
{
	if (news->requests >= 0)
		(void)unlinkat(run, REQUEST_SOCKET, 0);
	fd_close(&news->requests);
	fd_close(&news->mountinfo);
	fd_close(&news->signals);
	fd_close(&news->timer);
	fd_close(&news->utmp);
}

/* The kernel has one watch for a file, however often it is asked for. */
void news_watch_utmp(const struct news *news, const char *path)
{
	if (news->utmp >= 0)
		(void)inotify_add_watch(news->utmp, path, IN_MODIFY);
}

void news_set_timer(const struct news *news, unsigned int seconds)
{
	const struct itimerspec when = { .it_value = { .tv_sec = seconds } };

	(void)timerfd_settime(news->timer, 0, &when, NULL); /* cannot fail for a valid time */
}

void news_forget_mounts(const struct news *news)
{
	struct pollfd wait = { .fd = news->mountinfo, .events = POLLPRI };

	(void)poll(&wait, 1, 0);
}

static int take_signal(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	switch (info.ssi_signo) {
	case SIGUSR1:
		return NEWS_ASKED;
	case SIGCHLD:
		return NEWS_CHILD;
	default:
		return NEWS_STOP;
	}
}

/* What exactly does not matter. */
static int take_changes(int fd)
{
	char events[sizeof(struct inotify_event) * 64];

	while (read(fd, events, sizeof(events)) > 0)
		;
	return NEWS_UTMP;
}

int news_wait(const struct news *news)
{
	struct pollfd wait[] = {
		{ .fd = news->signals, .events = POLLIN },
		{ .fd = news->timer, .events = POLLIN },
		{ .fd = news->mountinfo, .events = POLLPRI },
		{ .fd = news->requests, .events = POLLIN },
		{ .fd = news->utmp, .events = POLLIN },
	};
	uint64_t ticks;
	int what = 0;

	if (poll(wait, sizeof(wait) / sizeof(wait[0]), TICK_MS) < 0)
		return errno == EINTR ? 0 : -errno;
	if (wait[0].revents)
		what |= take_signal(news->signals);
	if (wait[1].revents && read(news->timer, &ticks, sizeof(ticks)) > 0)
		what |= NEWS_TIMER;
	if (wait[2].revents)
		what |= NEWS_MOUNTS;
	if (wait[3].revents)
		what |= NEWS_REQUEST;
	if (wait[4].revents)
		what |= take_changes(news->utmp);
	return what;
}
