/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only fork and exec. */
#include "config.h"

#include "supervise/spawn.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

#define SCRIPT_MAX 4096

/* What init gives to rc, and more of PATH than single-user mode needs. */
static const char *const base_environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/",
	"TERM=linux",
};
#define BASE_COUNT (sizeof(base_environment) / sizeof(base_environment[0]))

struct text {
	char *at;
	size_t left;
	bool is_cut;
};

static void __attribute__((format(printf, 2, 3))) put(struct text *text, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->at, text->left, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= text->left) {
		text->is_cut = true;
		return;
	}
	text->at += n;
	text->left -= (size_t)n;
}

/* Quotes for sh: ' ends the quotes, stands alone, and begins them again. */
static void put_quoted(struct text *text, const char *string)
{
	put(text, "'");
	for (; *string; string++)
		if (*string == '\'')
			put(text, "'\\''");
		else
			put(text, "%c", *string);
	put(text, "'");
}

int spawn_script(const struct entry *entry, char *script, size_t size)
{
	struct text text = { script, size, false };
	unsigned int i;

	if (entry->defaults) {
		put(&text, "test -r ");
		put_quoted(&text, entry->defaults);
		put(&text, " && . ");
		put_quoted(&text, entry->defaults);
		put(&text, "\n");
	}
	for (i = 0; i < entry->exports.count; i++)
		put(&text, "export %s\n", entry->exports.word[i]);
	for (i = 0; i < entry->before.count; i++)
		put(&text, "%s\n", entry->before.word[i]);
	put(&text, "exec %s\n", entry->exec);
	return text.is_cut ? -E2BIG : 0;
}

static void stdio_to_null(void)
{
	int null = open("/dev/null", O_RDWR | O_NOCTTY);
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			_exit(127);
}

static void default_signals(void)
{
	sigset_t none;
	int signal_number;

	for (signal_number = 1; signal_number < NSIG; signal_number++)
		(void)signal(signal_number, SIG_DFL); /* KILL, STOP and libc's own refuse */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Undoes what survivor_harden did to us and fork and exec hand on. */
static void soften(void)
{
	auto_close int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	(void)prctl(PR_SET_IO_FLUSHER, 0, 0, 0, 0);
	if (score >= 0 && write(score, "0", 1) < 0)
		return; /* without /proc there was nothing to undo either */
}

/* Leaves none open but stdio and keep (-EBADF: none). Linux 5.9. */
static int close_others(int keep)
{
	if (keep < 0)
		return syscall(SYS_close_range, 3U, ~0U, 0U) == 0 ? 0 : -errno;
	if (keep > 3 && syscall(SYS_close_range, 3U, (unsigned int)keep - 1, 0U) < 0)
		return -errno;
	return syscall(SYS_close_range, (unsigned int)keep + 1, ~0U, 0U) == 0 ? 0 : -errno;
}

/* The program's end of the pipe gets the number that it was promised. */
static int place_notify(int notify, int number)
{
	if (notify == number)
		return fcntl(notify, F_SETFD, 0) < 0 ? -errno : number;
	return dup2(notify, number) < 0 ? -errno : number;
}

/* notify: the program's end of the pipe for its readiness, or -EBADF. */
static _Noreturn void become(const struct entry *entry, const char *script, int notify)
{
	/* exec takes char *const: nothing writes to them in this process. */
	char *arguments[] = { (char *)(size_t) "sh", (char *)(size_t) "-c", (char *)(size_t)script,
			      NULL };
	char *environment[BASE_COUNT + ENTRY_WORDS_MAX + 1];
	unsigned int count = 0;
	unsigned int i;

	for (i = 0; i < BASE_COUNT; i++)
		environment[count++] = (char *)(size_t)base_environment[i];
	for (i = 0; i < entry->environment.count; i++)
		environment[count++] = (char *)(size_t)entry->environment.word[i];
	environment[count] = NULL;

	(void)setsid(); /* a fresh child leads no group: it cannot fail */
	soften();
	default_signals();
	(void)umask(022);
	stdio_to_null();
	if (notify >= 0)
		notify = place_notify(notify, entry->notify_fd);
	/* O_CLOEXEC on all of ours is the rule; this is for what the hook left open. */
	if (close_others(notify) == 0 && chdir("/") == 0)
		(void)execve("/bin/sh", arguments, environment);
	_exit(127);
}

static int make_pipe(int *ret_read, int *ret_write)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*ret_read = ends[0];
	*ret_write = ends[1];
	/* Ours only: the program may count on an end that blocks. */
	return fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

/* The pidfd of a child; one that cannot be watched is of no use, and is ended. */
static int watch_child(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int error = -errno;

	if (pidfd >= 0)
		return pidfd;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return error;
}

int spawn_entry(const struct entry *entry, pid_t *ret_pid, int *ret_pidfd, int *ret_notify,
		struct fault *fault)
{
	auto_close int notify = -EBADF;
	auto_close int notified = -EBADF;
	char script[SCRIPT_MAX];
	int r = spawn_script(entry, script, sizeof(script));
	pid_t pid;
	int pidfd;

	if (r < 0)
		return fault_at(fault, r, "write the command of", entry->name);
	r = entry->ready == ENTRY_READY_NOTIFY ? make_pipe(&notified, &notify) : 0;
	if (r < 0)
		return fault_at(fault, r, "make the notify descriptor of", entry->name);
	pid = fork();
	if (pid < 0)
		return fault_at(fault, -errno, "start", entry->name);
	if (pid == 0)
		become(entry, script, notify);

	pidfd = watch_child(pid);
	if (pidfd < 0)
		return fault_at(fault, pidfd, "watch", entry->name);
	*ret_pid = pid;
	*ret_pidfd = pidfd;
	if (notified >= 0)
		*ret_notify = take_fd(&notified);
	return 0;
}

void spawn_when_shown(const struct entry *entry)
{
	char script[SCRIPT_MAX];
	struct text text = { script, sizeof(script), false };
	unsigned int i;
	pid_t pid;

	if (entry->when_shown.count == 0)
		return;
	/* In the background of a shell that ends at once: nobody has to wait for it but init. */
	put(&text, "{\n");
	for (i = 0; i < entry->when_shown.count; i++)
		put(&text, "%s\n", entry->when_shown.word[i]);
	put(&text, "} &\n");
	pid = text.is_cut ? -1 : fork();
	if (pid == 0)
		become(entry, script, -EBADF);
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}

static _Noreturn void do_work(int (*work)(const char *argument), const char *argument, pid_t parent)
{
	/* A parent that was gone before it was asked for sends nothing. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	soften();
	default_signals();
	stdio_to_null();
	if (close_others(-EBADF) < 0)
		_exit(1);
	_exit(work(argument) > 0 ? 0 : 1);
}

int spawn_work(int (*work)(const char *argument), const char *argument, int *ret_pidfd)
{
	pid_t parent = getpid();
	pid_t pid = fork();
	int pidfd;

	if (pid == 0)
		do_work(work, argument, parent);
	pidfd = pid < 0 ? -errno : watch_child(pid);
	if (pidfd < 0)
		return pidfd;
	*ret_pidfd = pidfd;
	return 0;
}

int spawn_result(int *pidfd)
{
	siginfo_t info = { 0 };
	int r;

	if (*pidfd < 0)
		return -EBADF;
	r = waitid(P_PIDFD, (id_t)*pidfd, &info, WEXITED | WNOHANG) < 0 ? -errno : 0;
	if (r == 0 && info.si_pid == 0)
		return 0;
	fd_close(pidfd);
	if (r < 0)
		return r;
	return info.si_code == CLD_EXITED && info.si_status == 0 ? 1 : -ENODATA;
}

void spawn_stop(int *pidfd)
{
	siginfo_t info;

	if (*pidfd < 0)
		return;
	/* Nothing holds up one that is killed, so this does not wait for what it waits for. */
	(void)syscall(SYS_pidfd_send_signal, *pidfd, SIGKILL, NULL, 0U);
	(void)waitid(P_PIDFD, (id_t)*pidfd, &info, WEXITED);
	fd_close(pidfd);
}
