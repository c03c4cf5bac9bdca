/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * initfs-supervise --adopt. In this order:
 *	1. says who it is, so that the supervisor does not start the program again;
 *	2. waits while an early screen is on its way and has no pid yet;
 *	3. waits for the end of the process, or for init's SIGTERM;
 *	4. clears away what a dead screen leaves behind, and becomes the program.
 */
#include "config.h"

#include "supervise/adopt.h"
#include "supervise/leftover.h"
#include "supervise/prepare.h"
#include "supervise/ready.h"
#include "supervise/root.h"
#include "supervise/undo.h"
#include "supervise/watch.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/proc.h"
#include "common/report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define STATE_DIR "/run/initfs"
#define ADOPTERS "adopt"
#define SCREEN_COMES STATE_DIR "/screen-comes"
#define LOOK_MSEC 100
/* What was told to end by init's SIGTERM; init itself kills a few seconds later. */
#define STOP_MSEC 10000

struct adopt {
	const char *pid_file;
	sigset_t old_mask;
	int signals;
	int process; /* pidfd of the adopted one, or -EBADF */
	pid_t pid;
	const struct entry *entry; /* whose program that is, or NULL */
	struct root root;
};

/* ADOPTERS/run-lightdm.pid: where the adopter of a pid file tells who it is. */
static void adopter_path(const char *pid_file, char *path, size_t size)
{
	char *p;

	(void)snprintf(path, size, ADOPTERS "/%s", pid_file + 1);
	for (p = path + strlen(ADOPTERS "/"); *p; p++)
		if (*p == '/')
			*p = '-';
}

/* Its pid and when it was started: what a process keeps when it becomes its program. */
static int describe(pid_t pid, char *text, size_t size)
{
	uint64_t ticks;
	int r = proc_start_time(pid, &ticks);

	if (r < 0)
		return r;
	(void)snprintf(text, size, "%d %" PRIu64 "\n", (int)pid, ticks);
	return 0;
}

/* Where there is no state directory, nothing came early, and there is nobody to tell. */
static int say_we_adopt(const char *pid_file)
{
	auto_close int state = open(STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[PATH_MAX];
	char self[64];
	int r;

	if (state < 0)
		return errno == ENOENT ? 0 : -errno;
	if (mkdirat(state, ADOPTERS, 0755) < 0 && errno != EEXIST)
		return -errno;
	adopter_path(pid_file, path, sizeof(path));
	r = describe(getpid(), self, sizeof(self));
	return r < 0 ? r : file_write(state, path, self);
}

/*
 * One that has become its program counts as well: the supervisor may hear of the end of a screen
 * when init's line has already started the next one.
 */
static pid_t adopter_at(int state, const char *pid_file)
{
	auto_free char *said = NULL;
	char path[PATH_MAX];
	char found[64];
	pid_t pid;

	adopter_path(pid_file, path, sizeof(path));
	pid = file_read_pid(state, path);
	if (pid <= 0 || file_read(state, path, sizeof(found), &said) < 0 ||
	    describe(pid, found, sizeof(found)) < 0)
		return 0;
	return strcmp(said, found) == 0 ? pid : 0;
}

pid_t adopter_of(const struct entry *entry)
{
	auto_close int state = open(STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t pid = 0;

	if (state >= 0 && entry->pid_file)
		pid = adopter_at(state, entry->pid_file);
	if (state >= 0 && !pid && entry->kind == ENTRY_SCREEN)
		pid = adopter_at(state, SCREEN_PID);
	return pid;
}

static void say_nothing(void *context, const char *name, unsigned int line, const char *what)
{
	/* The supervisor has named what is wrong in early.d, once. */
}

/* Is it the entry's program that the pid file names? A pid file outlives its process. */
static bool is_of_entry(const struct adopt *adopt, const struct entry *entry)
{
	struct entry asked = *entry;

	if (!entry->program)
		return false;
	if (strcmp(adopt->pid_file, SCREEN_PID) == 0)
		asked.pid_file = entry->kind == ENTRY_SCREEN ? adopt->pid_file : NULL;
	else if (entry->pid_file && strcmp(entry->pid_file, adopt->pid_file) != 0)
		return false;
	return running_elsewhere(&asked) > 0;
}

/* Opens the process that the pid file names. 0 or -ESRCH. */
static int find_process(struct adopt *adopt)
{
	unsigned int i;

	adopt->pid = file_read_live_pid(AT_FDCWD, adopt->pid_file);
	if (adopt->pid <= 0)
		return -ESRCH;
	adopt->process = (int)syscall(SYS_pidfd_open, adopt->pid, 0);
	for (i = 0; adopt->process >= 0 && i < adopt->root.count; i++) {
		adopt->entry = &adopt->root.candidates[i].entry;
		if (is_of_entry(adopt, adopt->entry))
			return 0;
	}
	adopt->entry = NULL;
	fd_close(&adopt->process);
	return -ESRCH;
}

/* Waits for a signal of init's or the end of the process. 1: a signal, 0: not. */
static int wait_for(const struct adopt *adopt, int msec)
{
	struct pollfd polls[] = {
		{ .fd = adopt->signals, .events = POLLIN },
		{ .fd = adopt->process, .events = POLLIN }, /* -EBADF is passed over */
	};

	if (poll(polls, 2, msec) < 0)
		return errno == EINTR ? 0 : -errno;
	return polls[0].revents != 0;
}

/* 1: init wants us to end. */
static int wait_for_end(struct adopt *adopt)
{
	int r = 0;

	while (r == 0 && find_process(adopt) < 0 && access(SCREEN_COMES, F_OK) == 0 &&
	       has_live_pid(STATE_DIR "/" SUPERVISE_PID))
		r = wait_for(adopt, LOOK_MSEC);
	if (r == 0 && adopt->process >= 0)
		r = wait_for(adopt, -1);
	if (r > 0 && adopt->process >= 0) {
		struct pollfd ended = { .fd = adopt->process, .events = POLLIN };

		(void)syscall(SYS_pidfd_send_signal, adopt->process, SIGTERM, NULL, 0U);
		(void)poll(&ended, 1, STOP_MSEC);
	}
	return r;
}

/* The first screen that may have used the display. */
static const struct entry *any_screen(const struct adopt *adopt)
{
	unsigned int i;

	for (i = 0; i < adopt->root.count; i++) {
		const struct entry *entry = &adopt->root.candidates[i].entry;

		if (entry->kind == ENTRY_SCREEN && entry->ready == ENTRY_READY_X11)
			return entry;
	}
	return NULL;
}

/* 1: init wants us to end. */
static int clear_away(struct adopt *adopt)
{
	struct leftover leftover;
	int r = 0;

	leftover_init(&leftover);
	if (adopt->entry)
		leftover_end(&leftover, adopt->entry, adopt->pid, watch_now());
	else if (any_screen(adopt))
		leftover_end_orphan(&leftover, any_screen(adopt), watch_now());
	while (r == 0 && leftover_is_there(&leftover, watch_now()))
		r = wait_for(&(struct adopt){ .signals = adopt->signals, .process = -EBADF },
			     LOOK_MSEC);
	leftover_close(&leftover);
	return r;
}

static int adopt_open(struct adopt *adopt, struct fault *fault)
{
	sigset_t watched;
	int r;

	(void)sigemptyset(&watched);
	(void)sigaddset(&watched, SIGTERM);
	(void)sigaddset(&watched, SIGINT);
	(void)sigaddset(&watched, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &watched, &adopt->old_mask) < 0)
		return fault_at(fault, -errno, "block signals", NULL);
	adopt->signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
	if (adopt->signals < 0)
		return fault_at(fault, -errno, "watch for signals", NULL);
	r = say_we_adopt(adopt->pid_file);
	if (r < 0)
		return fault_at(fault, r, "say that init watches over", adopt->pid_file);
	return root_read(&adopt->root, say_nothing, NULL, fault);
}

int adopt_run(const char *pid_file, char **program, struct fault *fault)
{
	static struct adopt adopt;
	int r;

	adopt = (struct adopt){ .pid_file = pid_file, .signals = -EBADF, .process = -EBADF };
	r = adopt_open(&adopt, fault);
	if (r == 0) {
		r = wait_for_end(&adopt);
		if (r == 0)
			r = clear_away(&adopt);
		if (r < 0)
			(void)fault_at(fault, r, "wait for the process in", pid_file);
	}
	root_free(&adopt.root);
	fd_close(&adopt.signals);
	fd_close(&adopt.process);
	if (r != 0)
		return r < 0 ? r : 0;
	(void)sigprocmask(SIG_SETMASK, &adopt.old_mask, NULL);
	(void)execvp(program[0], program);
	return fault_at(fault, -errno, "run", program[0]);
}
