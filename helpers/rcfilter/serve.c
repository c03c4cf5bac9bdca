/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that serves the views. */
#include "config.h"

#include "rcfilter/serve.h"
#include "rcfilter/control.h"
#include "rcfilter/evidence.h"
#include "rcfilter/filter.h"
#include "rcfilter/leave.h"
#include "rcfilter/owed.h"
#include "rcfilter/result.h"
#include "rcfilter/running.h"
#include "rcfilter/view.h"
#include "rcfilter/world.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/report.h"
#include "common/timeline.h"
#include "passthrough/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/sysinfo.h>

#define EVENTS_MAX 16

/* While a start is held: how often we look whether the screen has come or the disk is quiet. */
#define HELD_MSEC 50

/* While a script makes the network: how often we look whether it does so in vain. */
#define LEAVE_MSEC 500

/* So often we look whether the guard has attached a view after we wanted all of them gone. */
#define FAREWELLS 100

/* How long we look for the next request before we sleep. */
#define ATTENTIVE 100

/* So many times in a row in vain, and we do not look for as many requests as that. */
#define IN_VAIN_MAX 4
#define IN_VAIN_REST 32

/* What epoll hands back; below stand the pids of scripts, above CONTROL_TAG. */
#define TAG_VIEW (1ULL << 33)
#define TAG_NETWORK (1ULL << 34)
#define TAG_EXITS (TAG_NETWORK + 1)
#define TAG_SIGNALS (TAG_NETWORK + 2)

struct serving {
	struct server server;
	struct filter *filter;
	struct guard_child *child;
	struct control control;
	struct view *views;
	int epoll;
	int network;
	int signals;
	unsigned int farewells;
	bool is_alone; /* there is one processor: who looks again keeps others from asking */
	bool was_asked; /* …something just now */
	unsigned int in_vain; /* how often in a row nobody came while we looked */
	struct rlimit files; /* as it was before harden */
};

static int add(const struct serving *serving, int fd, uint64_t tag)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = tag };

	return epoll_ctl(serving->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/*
 * umount2 asks nothing of a FUSE server, so it may be the server who calls it. A view that the
 * guard is only about to attach is not there yet: that is why the loop comes back to this.
 */
static void detach_views(const struct serving *serving)
{
	size_t i;

	for (i = serving->child->count; i-- > 0;)
		(void)fusemount_detach(serving->child->views[i].path,
				       serving->child->views[i].mount.id);
}

/* The views go at once; what is open in them goes on. Who is held is let go by the loop. */
static void detach(struct server *server)
{
	struct serving *serving = server->owner;

	if (!serving->filter->board->over)
		timeline_mark(serving->filter->timeline, "rc.detached", NULL);
	serving->filter->board->over = true;
	detach_views(serving);
}

static void turn_off(void *data)
{
	struct serving *serving = data;

	serving->filter->board->off = true;
	detach(&serving->server);
}

/* --- beginning ------------------------------------------------------------------------------- */

static void harden(struct serving *serving)
{
	static const struct rlimit files = { 65536, 65536 };
	static const struct sched_param priority = { .sched_priority = 1 };

	(void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT); /* fork does not hand it on */
	(void)getrlimit(RLIMIT_NOFILE, &serving->files);
	(void)setrlimit(RLIMIT_NOFILE, &files); /* one for each name that somebody looks at */
	/*
	 * Each request is a program of the boot that stands still until we have a processor, and a
	 * boot has none to spare. What we do for one takes microseconds.
	 */
	(void)sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &priority);
}

static int watch_signals(void)
{
	sigset_t all;
	sigset_t term;
	int fd;

	(void)sigfillset(&all);
	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &term, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static int open_all(struct serving *serving, struct fault *fault)
{
	struct starts *starts = &serving->server.starts;

	starts->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	serving->server.fds = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (starts->proc < 0 || serving->server.fds < 0)
		return fault_at(fault, -errno, "open", "/proc");
	serving->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (serving->epoll < 0)
		return fault_at(fault, -errno, "make an epoll", NULL);
	serving->signals = watch_signals();
	if (serving->signals < 0)
		return fault_at(fault, serving->signals, "watch for signals", NULL);
	serving->network = netlink_watch(serving->filter->options.net_route);
	if (serving->network < 0)
		return fault_at(fault, serving->network, "watch the network", NULL);
	/* Without the proc connector the ends of shells are seen all the same. */
	starts->exits = result_watch();
	return 0;
}

static int begin_starts(struct serving *serving)
{
	struct starts *starts = &serving->server.starts;

	starts->options = &serving->filter->options;
	starts->scripts = &serving->filter->scripts;
	starts->board = serving->filter->board;
	starts->timeline = serving->filter->timeline;
	starts->state = serving->filter->state;
	starts->epoll = serving->epoll;
	serving->server.detach = detach;
	serving->server.owner = serving;
	return starts_init(starts);
}

static int begin_views(struct serving *serving, struct fault *fault)
{
	size_t i;
	int r;

	serving->views = calloc(serving->child->count, sizeof(*serving->views));
	if (!serving->views)
		return fault_at(fault, -ENOMEM, "start", NULL);
	for (i = 0; i < serving->child->count; i++) {
		const struct guard_view *given = &serving->child->views[i];

		if (given->mount.device < 0)
			continue;
		r = view_start(&serving->views[i], &serving->server, i, given->mount.device);
		if (r == 0)
			r = add(serving, fuse_session_fd(serving->views[i].session), TAG_VIEW + i);
		if (r < 0)
			return fault_at(fault, r, "start the FUSE session for", given->path);
	}
	return 0;
}

static int begin_listening(struct serving *serving, struct fault *fault)
{
	int r = add(serving, serving->signals, TAG_SIGNALS);

	if (r == 0)
		r = add(serving, serving->network, TAG_NETWORK);
	if (r == 0 && serving->server.starts.exits >= 0)
		r = add(serving, serving->server.starts.exits, TAG_EXITS);
	if (r < 0)
		return fault_at(fault, r, "wait for events", NULL);
	control_init(&serving->control);
	serving->control.catalog = &serving->filter->scripts.catalog;
	serving->control.board = serving->filter->board;
	serving->control.is_running = evidence_is_there;
	serving->control.epoll = serving->epoll;
	serving->control.off = turn_off;
	serving->control.data = serving;
	r = control_start(&serving->control, serving->filter->state);
	return r < 0 ? fault_at(fault, r, "listen at", STATE_PATH "/" CONTROL_SOCKET) : 0;
}

/* --- the loop -------------------------------------------------------------------------------- */

/* One request. A session ends (ENODEV) when nobody has anything of its view open any more. */
static void serve_view(struct serving *serving, size_t index)
{
	struct fuse_session *session = serving->views[index].session;
	static struct fuse_buf buffer; /* libfuse makes it once; there is one thread */
	struct notes *notes = board_notes(serving->filter->board);
	int n = fuse_session_receive_buf(session, &buffer);

	if (n == -EINTR || n == -EAGAIN)
		return;
	if (n > 0) {
		notes->current = owed_request(buffer.mem, buffer.size, index);
		fuse_session_process_buf(session, &buffer);
		serving->was_asked = true;
		notes->current.unique = 0;
		return;
	}
	(void)epoll_ctl(serving->epoll, EPOLL_CTL_DEL, fuse_session_fd(session), NULL);
	view_stop(&serving->views[index]);
}

static bool is_serving(const struct serving *serving)
{
	size_t i;

	for (i = 0; i < serving->child->count; i++)
		if (serving->views[i].session)
			return true;
	return false;
}

static void handle(struct serving *serving, uint64_t tag)
{
	struct starts *starts = &serving->server.starts;
	struct signalfd_siginfo info;

	if (tag >= CONTROL_TAG) {
		control_event(&serving->control, tag);
	} else if (tag == TAG_NETWORK) {
		netlink_drain(serving->network);
		world_network(starts);
	} else if (tag == TAG_EXITS) {
		running_exits(starts);
	} else if (tag == TAG_SIGNALS) {
		if (read(serving->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
			detach(&serving->server);
	} else if (tag >= TAG_VIEW) {
		if (serving->views[tag - TAG_VIEW].session)
			serve_view(serving, (size_t)(tag - TAG_VIEW));
	} else if (running_ended(starts, (pid_t)tag)) {
		detach(&serving->server);
	}
}

static int patience_with_held(const struct serving *serving)
{
	uint64_t next = views_next(&serving->server);
	uint64_t now = world_now();

	if (!next)
		return serving->farewells && serving->filter->board->over ? HELD_MSEC : -1;
	return next <= now + HELD_MSEC * MSEC ? (int)(next <= now ? 0 : (next - now) / MSEC + 1)
					      : HELD_MSEC;
}

static int patience(struct serving *serving)
{
	bool is_looking = leave_look(&serving->server.starts);
	int msec = patience_with_held(serving);

	return is_looking && (msec < 0 || msec > LEAVE_MSEC) ? LEAVE_MSEC : msec;
}

/*
 * A start is some ten requests, one close behind the other, and each puts its program to sleep. If
 * we sleep in between, too, we have to be woken on a processor that has gone idle, which takes
 * longer than all that we do. So we look again for a moment before we sleep: not where there is one
 * processor, which those who ask need, not while several scripts run, which need them all, and not
 * where that was in vain, as on a busy machine.
 */
static int look_again(struct serving *serving, struct epoll_event *events)
{
	const struct script *running = serving->server.starts.running;
	uint64_t until = world_now() + ATTENTIVE;
	int n;

	if (!serving->was_asked || serving->is_alone || (running && running->next))
		return 0;
	serving->was_asked = false;
	if (serving->in_vain >= IN_VAIN_MAX && serving->in_vain++ < IN_VAIN_MAX + IN_VAIN_REST)
		return 0;
	do
		n = epoll_wait(serving->epoll, events, EVENTS_MAX, 0);
	while (n == 0 && world_now() < until);
	if (n != 0)
		serving->in_vain = 0;
	else
		serving->in_vain =
			serving->in_vain < IN_VAIN_MAX ? serving->in_vain + 1 : IN_VAIN_MAX;
	return n;
}

static int wait_for_events(struct serving *serving, struct epoll_event *events)
{
	int n = look_again(serving, events);

	return n ? n : epoll_wait(serving->epoll, events, EVENTS_MAX, patience(serving));
}

static void loop(struct serving *serving)
{
	struct epoll_event events[EVENTS_MAX];
	int n;
	int i;

	serving->farewells = FAREWELLS;
	while (is_serving(serving)) {
		if (serving->filter->board->over && serving->farewells) {
			serving->farewells--;
			detach_views(serving);
		}
		n = wait_for_events(serving, events);
		for (i = 0; i < n; i++)
			handle(serving, events[i].data.u64);
		if (serving->server.held)
			views_retry(&serving->server);
	}
}

/* The guard, whose work this is, was killed: nobody else knows what is aside. */
static void finish_alone(struct serving *serving)
{
	/* The pid file leads to the one who waits for the network; --undo asks that one to end. */
	(void)file_write_pid(serving->filter->state, "rcfilter.pid", getpid());
	(void)setrlimit(RLIMIT_NOFILE, &serving->files); /* what we start begins as others do */
	filter_end(serving->filter, serving->filter->board->over && !serving->filter->board->kept);
	file_remove_pid(serving->filter->state, "rcfilter.pid");
}

int serve(struct guard_child *child, void *data)
{
	static struct serving serving; /* large, and as old as the process */
	struct fault fault = { 0 };
	int r;

	serving.child = child;
	serving.filter = data;
	serving.is_alone = get_nprocs() < 2;
	harden(&serving);
	r = caller_prepare();
	if (r == 0)
		r = open_all(&serving, &fault);
	if (r == 0)
		r = begin_starts(&serving);
	if (r == 0)
		r = begin_views(&serving, &fault);
	if (r == 0)
		r = begin_listening(&serving, &fault);
	if (r < 0)
		return report(r, &fault, EXIT_FAILED);
	(void)file_write_pid(serving.filter->state, "rcfilter-serve.pid", getpid());
	survivor_verdict(&child->ready, EXIT_DONE);

	loop(&serving);

	control_stop(&serving.control);
	if (getppid() != child->guard)
		finish_alone(&serving);
	file_remove_pid(serving.filter->state, "rcfilter-serve.pid");
	starts_free(&serving.server.starts);
	return EXIT_DONE;
}
