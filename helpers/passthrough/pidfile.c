/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that tell a process's id. */
#include "config.h"

#include "passthrough/pidfile.h"

#include "common/fd.h"
#include "common/parse.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

int pidfile_write(int dirfd, const char *name)
{
	auto_close int fd = -EBADF;
	char fresh[64];
	char text[16];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	(void)snprintf(fresh, sizeof(fresh), ".%s.%d", name, (int)getpid());
	fd = openat(dirfd, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)n) != n)
		return -EIO;
	return renameat(dirfd, fresh, dirfd, name) < 0 ? -errno : 0;
}

static pid_t read_id(int dirfd, const char *name)
{
	auto_close int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint64_t number;
	char text[32];
	ssize_t n;
	int r;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	r = parse_number(text, INT_MAX, &number);
	return r < 0 ? r : (pid_t)number;
}

pid_t pidfile_read(int dirfd, const char *name)
{
	pid_t pid = read_id(dirfd, name);

	if (pid > 0 && kill(pid, 0) < 0 && errno == ESRCH)
		return -ENOENT;
	return pid;
}

void pidfile_remove(int dirfd, const char *name)
{
	if (read_id(dirfd, name) == getpid())
		(void)unlinkat(dirfd, name, 0); /* a stale one is seen through by pidfile_read */
}
