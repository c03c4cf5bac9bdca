/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * at-syscall [OPTION…] COMMAND…: runs COMMAND and does something at its system calls.
 * at-syscall [OPTION…] --pid=PID: the same to a process that runs; it goes on when we end.
 *
 *	--kill=N		kills it with SIGKILL when it begins its N-th call
 *	--fail=ERROR@N[+]	makes its N-th call fail with ERROR instead of being carried out; with
 *				a + all calls from there on
 *	--run=N=SHELL		runs SHELL, and waits for it, before its N-th call
 *	--before=NAME,…=SHELL	runs SHELL, and waits for it, before each call of those names
 *	--list=FILE		writes the calls to FILE, one line for each, its name
 *	--from=PATH		counts from the call that opens PATH, so that the loader's are none
 *
 * All threads count, children do not. Ends as COMMAND ends, with 128 + the signal that killed it, with
 * 124 where it ended before its N-th call, with 125 where it could not even be started so.
 *
 * By ptrace(2), because strace takes 50 times as long to start and a seccomp filter cannot tell the
 * loader from the program. What sets registers is x86-64's; elsewhere --fail ends with 77.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#define TOO_EARLY 124
#define CANNOT 125

static const struct {
	const char *name;
	int number;
} calls[] = {
#define CALL(name)                \
	{                         \
#name, SYS_##name \
	}
	CALL(accept4),	       CALL(brk),
	CALL(chdir),	       CALL(chroot),
	CALL(close),	       CALL(connect),
	CALL(copy_file_range), CALL(fadvise64),
	CALL(fallocate),       CALL(fchmod),
	CALL(fchmodat),	       CALL(fchown),
	CALL(fchownat),	       CALL(fcntl),
	CALL(fgetxattr),       CALL(flistxattr),
	CALL(flock),	       CALL(fremovexattr),
	CALL(fsetxattr),       CALL(fstat),
	CALL(fstatfs),	       CALL(fsync),
	CALL(ftruncate),       CALL(getdents64),
	CALL(getxattr),	       CALL(ioctl),
	CALL(linkat),	       CALL(listxattr),
	CALL(lseek),	       CALL(mkdirat),
	CALL(mknodat),	       CALL(mmap),
	CALL(mount_setattr),   CALL(move_mount),
	CALL(munmap),	       CALL(newfstatat),
	CALL(open_tree),       CALL(openat),
	CALL(openat2),	       CALL(poll),
	CALL(pread64),	       CALL(prlimit64),
	CALL(pwrite64),	       CALL(read),
	CALL(readlink),	       CALL(readlinkat),
	CALL(recvmsg),	       CALL(removexattr),
	CALL(renameat),	       CALL(renameat2),
	CALL(sendmsg),	       CALL(setxattr),
	CALL(socket),	       CALL(statx),
	CALL(symlinkat),       CALL(sync_file_range),
	CALL(syncfs),	       CALL(timerfd_settime),
	CALL(umount2),	       CALL(unlinkat),
	CALL(utimensat),       CALL(write),
};

static const struct {
	const char *name;
	int number;
} errors[] = {
#define ERROR(name)         \
	{                   \
#name, name \
	}
	ERROR(EACCES), ERROR(EAGAIN), ERROR(EBUSY),  ERROR(EDQUOT), ERROR(EINTR), ERROR(EIO),
	ERROR(EMFILE), ERROR(ENODEV), ERROR(ENOMEM), ERROR(ENOSPC), ERROR(EPERM), ERROR(EROFS),
};

struct wish {
	const char *from; /* counting begins where this is opened; NULL: it has begun */
	const char *before; /* NAME,…=SHELL */
	const char *shell; /* at its call: instead of an error, or of a kill */
	FILE *list;
	int error; /* 0: kill */
	unsigned long at; /* 0: nothing */
	bool is_lasting;
	pid_t pid; /* 0: a command is run */
	unsigned long count;
	bool is_done;
};

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "at-syscall: %s: %s\n", what, strerror(errno));
	exit(CANNOT);
}

static const char *call_name(unsigned long long number)
{
	static char other[32];

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if ((unsigned long long)calls[i].number == number)
			return calls[i].name;
	(void)snprintf(other, sizeof(other), "call-%llu", number);
	return other;
}

static int error_number(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].number;
	return -1;
}

/* Is the call one that opens the path from which on calls are counted? */
static bool opens(pid_t pid, const struct ptrace_syscall_info *info, const char *path)
{
	char text[4096] = "";
	size_t length = strlen(path) + 1;
	struct iovec here = { text, length < sizeof(text) ? length : sizeof(text) };
	struct iovec there = { (void *)(uintptr_t)info->entry.args[1], here.iov_len };

	if (info->entry.nr != SYS_openat && info->entry.nr != SYS_openat2)
		return false;
	return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)here.iov_len &&
	       strcmp(text, path) == 0;
}

#ifdef __x86_64__
static unsigned long long brk_wanted; /* by the last brk(2) that failed */

/* brk(2) has no error: refused, it answers with the end that there is, as it does for 0. */
static void set_failing(pid_t pid, int error)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
		give_up("read registers");
	if (regs.orig_rax == SYS_brk) {
		brk_wanted = regs.rdi;
		regs.rdi = 0;
	} else {
		regs.orig_rax = (unsigned long long)-1;
		regs.rax = (unsigned long long)-error;
	}
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) < 0)
		give_up("set registers");
}

/* A call without a number has ended with ENOSYS; the caller counts on its registers. */
static void set_result(pid_t pid, int error)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
		give_up("read registers");
	if (regs.orig_rax == SYS_brk && brk_wanted)
		regs.rdi = brk_wanted;
	else if (regs.orig_rax == (unsigned long long)-1)
		regs.rax = (unsigned long long)-error;
	else
		return;
	brk_wanted = 0;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) < 0)
		give_up("set registers");
}
#else
static void set_failing(pid_t pid, int error)
{
	(void)pid;
	(void)error;
	exit(77);
}

static void set_result(pid_t pid, int error)
{
	(void)pid;
	(void)error;
}
#endif

/* Is name one of the comma separated ones before the '='? */
static bool is_listed(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (;;) {
		size_t n = strcspn(list, ",=");

		if (n == length && strncmp(list, name, n) == 0)
			return true;
		if (list[n] != ',')
			return false;
		list += n + 1;
	}
}

static void run(const char *shell)
{
	if (system(shell) != 0)
		give_up(shell);
}

/* libc takes an error of these for a broken machine, and aborts; others do not come back. */
static bool is_apart(unsigned long long call)
{
	return call == SYS_futex || call == SYS_munmap || call == SYS_rseq ||
	       call == SYS_rt_sigprocmask || call == SYS_restart_syscall || call == SYS_exit ||
	       call == SYS_exit_group;
}

static void begins(pid_t pid, struct wish *wish, const struct ptrace_syscall_info *info)
{
	if (wish->from && opens(pid, info, wish->from))
		wish->from = NULL;
	if (wish->from || is_apart(info->entry.nr))
		return;
	wish->count++;
	if (wish->list)
		fprintf(wish->list, "%s\n", call_name(info->entry.nr));
	if (wish->before && is_listed(wish->before, call_name(info->entry.nr)))
		run(strchr(wish->before, '=') + 1);
	if (!wish->at || (wish->count != wish->at && !(wish->is_lasting && wish->count > wish->at)))
		return;
	wish->is_done = true;
	if (wish->shell)
		run(wish->shell);
	else if (wish->error)
		set_failing(pid, wish->error);
	else if (kill(pid, SIGKILL) < 0)
		give_up("kill the command");
}

static void stopped_at_call(pid_t pid, struct wish *wish)
{
	struct ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) < 0)
		return; /* killed meanwhile */
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		begins(pid, wish, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT && wish->is_done && wish->error)
		set_result(pid, wish->error);
}

static void go_on(pid_t pid, int status, struct wish *wish)
{
	int signal = WSTOPSIG(status);

	if (signal == (SIGTRAP | 0x80)) {
		stopped_at_call(pid, wish);
		signal = 0;
	} else if (signal == SIGTRAP || status >> 16) {
		signal = 0; /* the exec, a new thread, or its beginning */
	} else if (signal == SIGSTOP) {
		signal = 0;
	}
	(void)ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signal); /* may be dead */
}

/* Until the command itself has ended; returns its status. */
static int trace(pid_t child, struct wish *wish)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0)
			give_up("wait for the command");
		if (WIFSTOPPED(status))
			go_on(pid, status, wish);
		else if (pid == child)
			return status;
	}
}

static pid_t start(char **command)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	pid_t child = fork();
	int status;

	if (child < 0)
		give_up("fork");
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			give_up("be traced");
		execvp(command[0], command);
		give_up(command[0]);
	}
	/* Stopped by its exec; before that it is none of ours. */
	if (waitpid(child, &status, 0) < 0)
		give_up("wait for the command");
	if (!WIFSTOPPED(status))
		exit(CANNOT);
	if (ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)options) < 0 ||
	    ptrace(PTRACE_SYSCALL, child, NULL, NULL) < 0)
		give_up("trace the command");
	return child;
}

/* Of a process that is somebody else's child; once stopped, it is traced as ours are. */
static pid_t join(pid_t pid)
{
	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(long)PTRACE_O_TRACESYSGOOD) < 0 ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		give_up("trace the process");
	return pid;
}

/* "ENOSPC@12+" */
static bool parse_fail(char *text, struct wish *wish)
{
	char *at = strchr(text, '@');
	char *end;

	if (!at)
		return false;
	*at = '\0';
	wish->error = error_number(text);
	wish->at = strtoul(at + 1, &end, 10);
	wish->is_lasting = *end == '+';
	return wish->error > 0 && wish->at && !end[wish->is_lasting];
}

/* "12=rm file" */
static bool parse_run(const char *text, struct wish *wish)
{
	char *end;

	wish->at = strtoul(text, &end, 10);
	wish->shell = end + 1;
	return wish->at && *end == '=';
}

static bool parse_option(int code, struct wish *wish)
{
	switch (code) {
	case 'k':
		wish->at = strtoul(optarg, NULL, 10);
		return wish->at != 0;
	case 'e':
		return parse_fail(optarg, wish);
	case 'r':
		return parse_run(optarg, wish);
	case 'b':
		wish->before = optarg;
		return strchr(optarg, '=');
	case 'l':
		wish->list = fopen(optarg, "we");
		return wish->list;
	case 'f':
		wish->from = optarg;
		return true;
	case 'p':
		wish->pid = (pid_t)strtol(optarg, NULL, 10);
		return wish->pid > 0;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "kill", required_argument, NULL, 'k' },
		{ "fail", required_argument, NULL, 'e' },
		{ "run", required_argument, NULL, 'r' },
		{ "before", required_argument, NULL, 'b' },
		{ "list", required_argument, NULL, 'l' },
		{ "from", required_argument, NULL, 'f' },
		{ "pid", required_argument, NULL, 'p' },
		{ 0 },
	};
	struct wish wish = { 0 };
	int status, code;

	while ((code = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (!parse_option(code, &wish)) {
			fprintf(stderr, "at-syscall: see the head of its source\n");
			return CANNOT;
		}
	}
	if ((optind == argc) == !wish.pid)
		return CANNOT;
	status = trace(wish.pid ? join(wish.pid) : start(argv + optind), &wish);
	if (wish.list && fclose(wish.list) != 0)
		give_up("write the list");
	if (wish.at && !wish.is_done)
		return TOO_EARLY;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
