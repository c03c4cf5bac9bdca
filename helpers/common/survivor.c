/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Living on after switch_root. */
#include "config.h"

#include "common/survivor.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

/* What the kernel keeps of a name. */
#define COMM_LENGTH 15
#define OMIT_DIR "/run/sendsigs.omit.d"

/* The parent's whole life: one byte, or the end of the pipe when the child died. */
static _Noreturn void wait_for_verdict(int pipe_end, pid_t child)
{
	unsigned char code;
	ssize_t n;

	do
		n = read(pipe_end, &code, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1) {
		(void)waitpid(child, NULL, 0);
		code = EXIT_FAILED;
	}
	_exit(code);
}

void survivor_begin(void)
{
	(void)syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
}

int survivor_fork(struct survivor *ret_survivor)
{
	pid_t parent = getpid();
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child < 0) {
		int error = -errno;

		fd_close(&ends[0]);
		fd_close(&ends[1]);
		return error;
	}
	if (child > 0) {
		fd_close(&ends[1]);
		wait_for_verdict(ends[0], child);
	}
	fd_close(&ends[0]);
	(void)setsid(); /* fails only for a group leader, which a fresh child is not */
	/* A hook that gave up on us undoes what we did: we must not go on behind its back. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILED); /* it died before that line */
	ret_survivor->verdict = ends[1];
	return 0;
}

static void stdio_to_null(void)
{
	auto_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(null, STDOUT_FILENO);
	(void)dup2(null, STDERR_FILENO);
	if (null <= STDERR_FILENO)
		(void)take_fd(&null);
}

void survivor_verdict(struct survivor *survivor, enum exit_code code)
{
	unsigned char byte = (unsigned char)code;

	if (survivor->verdict < 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, 0); /* before the parent ends, as it is about to */
	if (code == EXIT_DONE)
		stdio_to_null();
	if (write(survivor->verdict, &byte, 1) != 1) {
		/* The hook was killed: nobody waits, and what we do does not change. */
	}
	fd_close(&survivor->verdict);
}

int survivor_enter(const char *root, struct fault *fault)
{
	if (chdir(root) < 0)
		return fault_at(fault, -errno, "change to the root directory", root);
	if (chroot(".") < 0)
		return fault_at(fault, -errno, "make the root directory", root);
	if (chdir("/") < 0)
		return fault_at(fault, -errno, "change to the root directory", "/");
	return 0;
}

static void write_setting(const char *path, const char *value)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, value, strlen(value)) < 0)
		return;
}

void survivor_harden(char **argv)
{
	write_setting("/proc/self/oom_score_adj", "-1000");
	(void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	(void)prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
	if (access("/etc/initrd-release", F_OK) == 0)
		argv[0][0] = '@';
}

static bool is_called(pid_t pid, const char *comm)
{
	char name[COMM_LENGTH + 2];

	if (proc_read(AT_FDCWD, pid, "comm", name, sizeof(name)) < 0)
		return false;
	name[strcspn(name, "\n")] = '\0';
	return strncmp(name, comm, COMM_LENGTH) == 0;
}

int survivor_find(int statedir, const char *pid_file, const char *comm)
{
	pid_t pid = file_read_pid(statedir, pid_file);
	auto_close int pidfd = -EBADF;

	if (pid < 0)
		return pid == -ENOENT || pid == -EINVAL ? -ESRCH : (int)pid;
	/* The descriptor first: from here on the pid cannot become somebody else. */
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return -errno;
	return is_called(pid, comm) ? take_fd(&pidfd) : -ESRCH;
}

int survivor_omit(const char *name)
{
	auto_close int dir = -EBADF;
	auto_close int fd = -EBADF;
	char pid[32];
	int n;

	if (mkdir(OMIT_DIR, 0755) < 0 && errno != EEXIST)
		return -errno;
	dir = open(OMIT_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return -errno;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (write(fd, pid, (size_t)n) != n)
		return -EIO;
	return 0;
}
