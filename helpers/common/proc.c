/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of /proc/PID. */
#include "config.h"

#include "common/proc.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

ssize_t proc_read(int proc, pid_t pid, const char *name, char *text, size_t size)
{
	auto_close int fd = -EBADF;
	char path[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%s%d/%s", proc == AT_FDCWD ? "/proc/" : "", (int)pid,
		       name);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do
		n = read(fd, text, size - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return n;
}
