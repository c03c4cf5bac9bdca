/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The serving process. */
#include "config.h"

#include "hold/serve.h"
#include "hold/control.h"
#include "hold/held.h"
#include "hold/locks.h"
#include "hold/ops.h"
#include "hold/privileges.h"
#include "hold/workers.h"

#include "common/fd.h"
#include "common/parse.h"
#include "common/file.h"
#include "common/report.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define REQUEST_MAX \
	(128 * 1024) /* bytes of data in one; more costs locked memory for each worker */

/* For each user: the names of a million files. */
#define STREAMS_MAX ((size_t)64 << 20)

static void on_init(void *userdata, struct fuse_conn_info *conn)
{
	static const unsigned int wanted =
		FUSE_CAP_ASYNC_READ | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_AUTO_INVAL_DATA |
		FUSE_CAP_ASYNC_DIO | FUSE_CAP_IOCTL_DIR | FUSE_CAP_POSIX_LOCKS |
		FUSE_CAP_FLOCK_LOCKS | FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO |
		FUSE_CAP_DONT_MASK | FUSE_CAP_POSIX_ACL | FUSE_CAP_CACHE_SYMLINKS;

	/*
	 * Not HANDLE_KILLPRIV, which libfuse sets by itself: who writes would not be known, and we
	 * are root and would leave setuid and setgid (see privileges.h for the other one). Not
	 * ATOMIC_O_TRUNC: truncating is a setattr then.
	 * Not WRITEBACK_CACHE: what a program has written must be in the file when we seal.
	 */
	conn->want = wanted & conn->capable;
	conn->max_write = REQUEST_MAX;
}

static void fill_operations(struct fuse_lowlevel_ops *ops)
{
	*ops = (struct fuse_lowlevel_ops){ .init = on_init };
	ops_names(ops);
	ops_attributes(ops);
	ops_xattrs(ops);
	ops_data(ops);
	ops_streams(ops);
	ops_locks(ops);
}

static int view_start(struct view *view, const char *backing, int device, struct fault *fault)
{
	char program[] = "initfs-hold";
	char *argv[] = { program, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	auto_close int root = open(backing, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct fuse_lowlevel_ops ops;
	int r;

	if (root < 0)
		return fault_at(fault, -errno, "open the layer", backing);
	r = tree_init(&view->tree, root);
	if (r < 0)
		return fault_at(fault, r, "read the layer", backing);
	(void)take_fd(&root);
	fill_operations(&ops);
	view->session = fuse_session_new(&args, &ops, sizeof(ops), view);
	fuse_opt_free_args(&args);
	if (!view->session)
		return fault_at(fault, -ENOMEM, "make a FUSE session for", view->path);
	r = privileges_start(view, device);
	return r < 0 ? fault_at(fault, r, "start the FUSE session for", view->path) : 0;
}

/* As many descriptors as the kernel allows: each object that it has in its caches costs one. */
static void raise_limits(void)
{
	struct rlimit files = { 1048576, 1048576 };
	static const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	auto_fclose FILE *limit = fopen("/proc/sys/fs/nr_open", "re");
	unsigned long most;

	if (limit && fscanf(limit, "%lu", &most) == 1)
		files.rlim_cur = files.rlim_max = most;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0 && getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max; /* without CAP_SYS_RESOURCE: what there is */
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	(void)setrlimit(RLIMIT_FSIZE, &none); /* the writer's own limit was checked by the kernel */
}

static int watch_signals(struct fault *fault)
{
	sigset_t all, term;
	int fd;

	/* Blocked in all threads: nothing may interrupt what is done for somebody else. */
	(void)sigfillset(&all);
	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return fault_at(fault, -errno, "block signals", NULL);
	fd = signalfd(-1, &term, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? fault_at(fault, -errno, "watch for signals", NULL) : fd;
}

static int hold_open(struct hold *hold, struct fault *fault)
{
	hold->proc = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (hold->proc < 0)
		return fault_at(fault, -errno, "open", "/proc/self/fd");
	hold->run = open("/run/initfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (hold->run < 0)
		return fault_at(fault, -errno, "open", "/run/initfs");
	hold->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (hold->wake < 0)
		return fault_at(fault, -errno, "make an event", NULL);
	hold->timeline = timeline_open(hold->run);
	gate_init(&hold->gate);
	held_init(hold);
	locks_init(&hold->locks);
	allowance_init(&hold->streams, STREAMS_MAX);
	(void)pthread_mutex_init(&hold->kept.lock, NULL);
	return 0;
}

/* For a merge that connects, for what is searched and copied at a switch, and for workers. */
#define OWN_DESCRIPTORS 64

static int descriptors_of_programs(void)
{
	struct rlimit files = { 1024, 1024 };

	(void)getrlimit(RLIMIT_NOFILE, &files);
	return (int)files.rlim_cur - OWN_DESCRIPTORS;
}

/*
 * How many nodes a view may have before the kernel is asked to forget some. Twice as many have to
 * fit: at the switch each has two descriptors.
 */
static size_t crowd_of(size_t views)
{
	struct rlimit files = { 1024, 1024 };

	(void)getrlimit(RLIMIT_NOFILE, &files);
	return (size_t)files.rlim_cur / 3 / views;
}

/* Is it mounted in another view? Those come before it. */
static bool is_inner(const struct guard_child *child, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (is_below(child->views[i].path, child->views[k].path))
			return true;
	return false;
}

static int views_start(struct hold *hold, const struct guard_child *child,
		       const struct layers *layers, struct fault *fault)
{
	size_t i;
	int r = 0;

	hold->views = calloc(child->count, sizeof(*hold->views));
	if (!hold->views)
		return fault_at(fault, -ENOMEM, "start", NULL);
	hold->count = child->count;
	hold->crowd = crowd_of(hold->count);
	hold->descriptors = descriptors_of_programs();
	for (i = 0; i < hold->count && r == 0; i++) {
		const struct guard_view *given = &child->views[i];

		hold->views[i] = (struct view){
			.hold = hold,
			.number = layers->list[i].number,
			.path = given->path,
			.mount_id = given->mount.id,
			.is_inner = is_inner(child, i),
			.place = -EBADF,
			.is_on_disk = given->mount.device < 0, /* an earlier child took it there */
		};
		if (given->mount.device >= 0)
			r = view_start(&hold->views[i], given->backing, given->mount.device, fault);
	}
	return r;
}

/* mlockall is not inherited; the other marks of a survivor are. */
static void harden(void)
{
	(void)mallopt(M_ARENA_MAX, 2); /* of one for each thread, all of them locked */
	(void)mallopt(M_MMAP_THRESHOLD, 4 * REQUEST_MAX); /* no mmap and munmap for each request */
	(void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	raise_limits();
}

/* Nobody uses a view any more. Where the guard is dead the last word is ours. */
static void say_farewell(const struct hold *hold)
{
	if (getppid() == hold->guard)
		return;
	(void)unlinkat(hold->run, CONTROL_SOCKET, 0);
	timeline_mark(hold->timeline, "hold.gone", NULL);
}

int serve(struct guard_child *child, void *data)
{
	/* Lives as long as the process: its workers may be anywhere when main ends. */
	static struct hold hold;
	const struct served *served = data;
	struct fault fault = { 0 };
	int listener, signals, r;

	hold.guard = child->guard;
	hold.parts = served->parts;
	harden();
	signals = watch_signals(&fault);
	r = signals < 0 ? signals : hold_open(&hold, &fault);
	if (r == 0)
		r = views_start(&hold, child, &served->layers, &fault);
	if (r < 0)
		return report(r, &fault, EXIT_FAILED);
	listener = control_listen(&hold, &fault);
	r = listener < 0 ? listener : workers_start(&hold, &fault);
	if (r < 0)
		return report(r, &fault, EXIT_FAILED);
	/* Who cannot be listed is served all the same; `initfs status` will not find it. */
	(void)file_write_pid(hold.run, "hold.pid", getpid());
	(void)survivor_omit("initfs-hold");
	survivor_verdict(&child->ready, EXIT_DONE);

	worker_prepare(&hold); /* it answers some of what came during a seal */
	control_run(&hold, listener, signals);
	file_remove_pid(hold.run, "hold.pid");
	say_farewell(&hold);
	return EXIT_DONE;
}
