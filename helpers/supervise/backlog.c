/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a daemon has come that reads the kernel's log through /proc/kmsg. */
#include "config.h"

#include "supervise/backlog.h"
#include "common/fd.h"
#include "common/parse.h"
#include "common/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char log_name[] = "/proc/kmsg";

/* What it has open. The caller owns the result; NULL: it has ended. */
static DIR *open_folder(pid_t daemon, const char *name)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)daemon, name);
	return opendir(path);
}

/* The next entry that is a number, or -ENOENT. */
static int next_number(DIR *dir)
{
	struct dirent *entry;
	uint64_t number;

	while (dir && (entry = readdir(dir)))
		if (parse_number(entry->d_name, INT_MAX, &number) == 0)
			return (int)number;
	return -ENOENT;
}

static bool is_log(DIR *dir, int number)
{
	char name[16];
	char target[PATH_MAX];
	ssize_t length;

	(void)snprintf(name, sizeof(name), "%d", number);
	length = readlinkat(dirfd(dir), name, target, sizeof(target) - 1);
	if (length < (ssize_t)strlen(log_name))
		return false;
	target[length] = '\0';
	return strcmp(target + length - strlen(log_name), log_name) == 0;
}

/* Readers of /proc/kmsg share one place in it, so a descriptor of our own tells what is left for all. */
static bool has_unread(DIR *dir, int number)
{
	struct pollfd look = { .events = POLLIN };
	auto_close int fd = -EBADF;
	char name[16];

	(void)snprintf(name, sizeof(name), "%d", number);
	fd = openat(dirfd(dir), name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	look.fd = fd;
	return fd < 0 || poll(&look, 1, 0) != 0;
}

/* Waits one of its threads in read(2) of that descriptor? Then it has done with what it got before. */
static bool waits_to_read(pid_t daemon, int number)
{
	auto_closedir DIR *tasks = open_folder(daemon, "task");
	char want[32];
	char name[32];
	char call[256];
	int task;

	/* "0 0x5 …": the number of the system call and its arguments (Linux 2.6.37), or "running" */
	(void)snprintf(want, sizeof(want), "%d %#x ", SYS_read, (unsigned int)number);
	while ((task = next_number(tasks)) >= 0) {
		(void)snprintf(name, sizeof(name), "task/%d/syscall", task);
		if (proc_read(AT_FDCWD, daemon, name, call, sizeof(call)) > 0 &&
		    strncmp(call, want, strlen(want)) == 0)
			return true;
	}
	return false;
}

enum backlog backlog_look(pid_t daemon)
{
	auto_closedir DIR *dir = open_folder(daemon, "fd");
	int number;

	while ((number = next_number(dir)) >= 0) {
		if (!is_log(dir, number))
			continue;
		/* In this order: a line that comes in between is younger than what we are about. */
		return !has_unread(dir, number) && waits_to_read(daemon, number) ? BACKLOG_TAKEN
										 : BACKLOG_BEHIND;
	}
	return BACKLOG_NO_READER;
}
