/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only place that waits. Each turn:
 *	1. every program is looked at and moved on, and the screen comes first where it may;
 *	2. the syslog is handed what it does not read itself;
 *	3. /run/nologin goes when its rule says so;
 *	4. the syslog is told, once, when start scripts have mounted something over its directory;
 *	5. poll: a signal, the end of a child (or of who looks at its screen, or lets it come first), or the timer.
 * What has to be looked for (a device, a socket) is looked for at short intervals while somebody
 * waits for it, and every program that waits has a bound.
 */
#include "config.h"

#include "supervise/covered.h"
#include "supervise/first.h"
#include "supervise/loop.h"
#include "supervise/nologin.h"
#include "supervise/ready.h"
#include "supervise/relay.h"
#include "supervise/root.h"
#include "supervise/runlevel.h"
#include "common/fd.h"
#include "common/mounted.h"
#include "common/report.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

/* Logins open a second later than they could, at most. */
#define NOLOGIN_LOOK_USEC 1000000ULL
/* So often init is asked for its runlevel, until it has come to one, where somebody waits for that. */
#define RUNLEVEL_LOOK_USEC 1000000ULL
/* The undo waits that long for programs that were told to end, then kills them. */
#define STOP_USEC (5 * 1000000ULL)
/* A file that is relayed is looked at that often, a syslog that does not keep up is asked again. */
#define RELAY_LOOK_USEC 1000000ULL
#define RELAY_AGAIN_USEC 50000ULL

#define MERGE_PID "/run/initfs/merge.pid"
#define LAYERS "/run/initfs/layers"
#define SCREEN_COMES "/run/initfs/screen-comes"

struct loop {
	struct watch *watch;
	int signals;
	int timer;
	bool is_leaving; /* SIGTERM: the programs go on without us */
	uint64_t stop_deadline; /* SIGINT: when programs that did not end are killed; 0: not told */
	uint64_t
		multi_user_since; /* when init was first seen in a runlevel for people; 0: not yet */
	bool holds_logins;
	bool says_screen_comes; /* the hook waits, with a bound, for as long as the file is there */
	const struct run *syslog; /* whom the relay feeds, or NULL */
	bool looks_for_cover; /* of the syslog's directory: init has not come to its runlevel yet */
	bool shall_share; /* the first programs come before that */
	struct first first; /* where it could begin, the hook need not wait */
	struct relay relay;
	bool is_relay_behind; /* it has more than the syslog takes at the moment */
};

/* Is everything on the disk, and has init come to its runlevel? Then the log is everybody's own. */
static bool is_boot_over(void)
{
	return access(LAYERS, F_OK) < 0 && !has_live_pid(MERGE_PID) &&
	       is_multi_user(root_runlevel_now());
}

static void look_at_relay(struct loop *loop)
{
	bool is_last;

	if (!relay_is_on(&loop->relay))
		return;
	/* Asked before the look, so that what was said up to then is handed on. */
	is_last = is_over(&loop->syslog->service) || is_boot_over();
	loop->is_relay_behind = !relay_look(
		&loop->relay, loop->syslog->service.state == STATE_READY ? loop->syslog->pid : 0);
	if (is_last && !loop->is_relay_behind)
		relay_close(&loop->relay);
}

/* The start scripts that mount file systems have run. Every syslog opens its files again at a SIGHUP. */
static void look_for_cover(struct loop *loop)
{
	const struct run *syslog = loop->syslog;
	char by[COVERED_MAX];

	if (!loop->looks_for_cover || !is_multi_user(root_runlevel_now()))
		return;
	loop->looks_for_cover = false;
	if (syslog->pidfd < 0 || syslog->service.state != STATE_READY ||
	    !covered_look(syslog->entry, by, sizeof(by)) || kill(syslog->pid, SIGHUP) < 0)
		return;
	timeline_mark(loop->watch->timeline, "early.covered", "name", syslog->entry->name, "by", by,
		      NULL);
	report_line("%s is told to open its logs again: what it has written before is hidden by "
		    "the mount at "
		    "%s, which /etc/fstab does not name",
		    syslog->entry->name, by);
}

static void look_at_logins(struct loop *loop)
{
	struct nologin_facts facts = { 0 };
	uint64_t now = watch_now();

	if (!loop->holds_logins)
		return;
	if (!loop->multi_user_since && is_multi_user(root_runlevel_now()))
		loop->multi_user_since = now;
	facts.has_layers = access(LAYERS, F_OK) == 0;
	facts.is_mounted = facts.has_layers || mounted_look();
	facts.has_merge = has_live_pid(MERGE_PID);
	facts.is_multi_user = loop->multi_user_since > 0;
	facts.multi_user_usec = now - loop->multi_user_since;
	if (!nologin_is_ours()) {
		loop->holds_logins =
			false; /* the merge has removed it, or bootmisc.sh taken over */
	} else if (nologin_is_over(&facts)) {
		if (facts.has_layers)
			report_line("logins open, though /var has not gone to the disk yet: "
				    "'initfs status' says why");
		loop->holds_logins = nologin_remove() < 0;
	}
}

static void stop_saying_so(struct loop *loop)
{
	if (!loop->says_screen_comes)
		return;
	(void)unlink(SCREEN_COMES); /* whoever waits for it has a bound of his own */
	loop->says_screen_comes = false;
}

static void look_at_screen(struct loop *loop)
{
	bool comes = watch_screen_comes(loop->watch);

	first_look(&loop->first, comes, watch_now());
	if (!comes)
		stop_saying_so(loop);
}

/* Before the verdict: the hook looks for the file when it has that. */
static void let_screen_come(struct loop *loop)
{
	auto_close int fd = -EBADF;

	if (!watch_screen_comes(loop->watch))
		return;
	fd = open(SCREEN_COMES, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	loop->says_screen_comes = fd >= 0;
}

/* A hook that has seen the file by now sees it go. */
static void share(struct loop *loop)
{
	bool comes = watch_screen_comes(loop->watch);

	if (loop->shall_share && comes)
		first_prepare(&loop->first);
	loop->shall_share = false; /* not for a screen that comes again */
	if (comes && first_begin(&loop->first, watch_now()))
		stop_saying_so(loop);
}

static void read_signal(struct loop *loop)
{
	struct signalfd_siginfo info;

	if (read(loop->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGTERM) {
		loop->is_leaving = true;
	} else if (info.ssi_signo == SIGINT && !loop->stop_deadline) {
		loop->stop_deadline = watch_now() + STOP_USEC;
		loop->holds_logins = nologin_remove() < 0;
		watch_stop(loop->watch, SIGTERM);
	}
}

static int arm_timer(const struct loop *loop)
{
	uint64_t now = watch_now();
	uint64_t next = watch_next(loop->watch, now);
	uint64_t first = first_due(&loop->first);
	struct itimerspec when = { 0 };

	if (loop->holds_logins && (!next || now + NOLOGIN_LOOK_USEC < next))
		next = now + NOLOGIN_LOOK_USEC;
	if (loop->looks_for_cover && (!next || now + RUNLEVEL_LOOK_USEC < next))
		next = now + RUNLEVEL_LOOK_USEC;
	if (relay_is_on(&loop->relay)) {
		uint64_t due = now + (loop->is_relay_behind ? RELAY_AGAIN_USEC : RELAY_LOOK_USEC);

		next = !next || due < next ? due : next;
	}
	if (first && (!next || first < next))
		next = first;
	if (loop->stop_deadline && (!next || loop->stop_deadline < next))
		next = loop->stop_deadline;
	when.it_value.tv_sec = (time_t)(next / 1000000);
	when.it_value.tv_nsec = (long)(next % 1000000) * 1000;
	return timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &when, NULL) < 0 ? -errno : 0;
}

static int wait_for_something(struct loop *loop)
{
	struct watch *watch = loop->watch;
	struct pollfd polls[2 * PICK_MAX + 4];
	uint64_t expirations;
	unsigned int i;

	for (i = 0; i < watch->count; i++) {
		polls[i] = (struct pollfd){ .fd = watch->runs[i].pidfd, .events = POLLIN };
		/* Wakes us; the turn's first step hears what it has seen. */
		polls[watch->count + 4 + i] =
			(struct pollfd){ .fd = watch->runs[i].shown.pidfd, .events = POLLIN };
	}
	polls[watch->count] = (struct pollfd){ .fd = loop->signals, .events = POLLIN };
	polls[watch->count + 1] = (struct pollfd){ .fd = loop->timer, .events = POLLIN };
	polls[watch->count + 2] =
		(struct pollfd){ .fd = loop->is_relay_behind ? -EBADF : relay_fd(&loop->relay),
				 .events = POLLIN };
	polls[watch->count + 3] =
		(struct pollfd){ .fd = loop->first.preparation, .events = POLLIN };
	if (poll(polls, 2 * watch->count + 4, -1) < 0)
		return errno == EINTR ? 0 : -errno;

	/* Signals first: a program that dies of the same killall5 is not started again. */
	if (polls[watch->count].revents)
		read_signal(loop);
	for (i = 0; i < watch->count && !loop->is_leaving; i++)
		if (polls[i].revents)
			watch_collect(watch, &watch->runs[i], loop->stop_deadline > 0);
	if (polls[watch->count + 1].revents &&
	    read(loop->timer, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN)
		return -errno;
	return 0;
}

static int loop_open(struct loop *loop, struct fault *fault)
{
	sigset_t watched;

	(void)sigemptyset(&watched);
	(void)sigaddset(&watched, SIGTERM);
	(void)sigaddset(&watched, SIGINT);
	if (sigprocmask(SIG_BLOCK, &watched, NULL) < 0)
		return fault_at(fault, -errno, "block signals", NULL);
	loop->signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->signals < 0)
		return fault_at(fault, -errno, "watch for signals", NULL);
	loop->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->timer < 0)
		return fault_at(fault, -errno, "make a timer", NULL);
	return 0;
}

static int loop_turns(struct loop *loop, struct survivor *survivor)
{
	int r = 0;

	/*
	 * The hook need not wait for programs. And a hook that gives up kills us without a word:
	 * from the first program on we have to be there for its --undo.
	 */
	survivor_verdict(survivor, EXIT_DONE);
	while (r == 0 && !loop->is_leaving) {
		watch_look(loop->watch);
		share(loop);
		look_at_relay(loop);
		look_at_screen(loop);
		look_at_logins(loop);
		look_for_cover(loop);
		if (!watch_has_work(loop->watch) && !loop->holds_logins)
			break;
		if (loop->stop_deadline && watch_now() >= loop->stop_deadline) {
			watch_stop(loop->watch, SIGKILL);
			loop->stop_deadline = watch_now() + STOP_USEC;
		}
		r = arm_timer(loop);
		if (r == 0)
			r = wait_for_something(loop);
	}
	return r;
}

static const struct run *find_syslog(const struct watch *watch)
{
	unsigned int i;

	for (i = 0; i < watch->count; i++)
		if (watch->runs[i].entry->kind == ENTRY_SYSLOG)
			return &watch->runs[i];
	return NULL;
}

int loop_run(struct watch *watch, unsigned int share_seconds, struct survivor *survivor,
	     struct fault *fault)
{
	struct loop loop = {
		.watch = watch,
		.signals = -EBADF,
		.timer = -EBADF,
		.shall_share = share_seconds > 0,
		.first = { .timeline = watch->timeline,
			   .bound_usec = share_seconds * 1000000ULL,
			   .preparation = -EBADF },
	};
	int r = loop_open(&loop, fault);

	loop.syslog = find_syslog(watch);
	loop.looks_for_cover = loop.syslog != NULL;
	relay_init(&loop.relay, loop.syslog ? loop.syslog->entry : NULL);

	if (r == 0) {
		r = nologin_make();
		if (r < 0 && r != -EEXIST)
			(void)fault_at(fault, r, "write", NOLOGIN_PATH);
		else
			r = 0;
		/* One that is ours already was left by a predecessor that was killed. */
		loop.holds_logins = nologin_is_ours();
	}
	if (r == 0) {
		let_screen_come(&loop);
		r = loop_turns(&loop, survivor);
		if (r < 0)
			(void)fault_at(fault, r, "wait for programs", NULL);
	}
	/* Whoever watches over it goes: it goes too. */
	(void)nologin_remove();
	stop_saying_so(&loop);
	first_end(&loop.first);
	relay_close(&loop.relay);
	watch_close(watch, loop.stop_deadline > 0);
	fd_close(&loop.signals);
	fd_close(&loop.timer);
	return r;
}
