/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets and FIFOs in use. */
#include "config.h"

#include "common/inuse.h"
#include "common/fd.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

bool inuse_socket(int fd)
{
	auto_close int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", fd);
	return probe < 0 ||
	       connect(probe, (const struct sockaddr *)&address, sizeof(address)) == 0 ||
	       errno != ECONNREFUSED;
}

/*
 * One descriptor of a process. Most are sorted out by what the kernel knows without asking a file
 * system that may be dead. The number of a FIFO of ours is asked for: one that the kernel has kept
 * since before a switch may be another object's by now.
 */
static int judge(int fds, const char *name, dev_t device, inuse_fn *found, void *data)
{
	char path[PATH_MAX];
	struct statx sx;
	struct stat st;
	ssize_t n;

	if (statx(fds, name, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &sx) < 0 ||
	    !S_ISFIFO(sx.stx_mode) || makedev(sx.stx_dev_major, sx.stx_dev_minor) != device)
		return 0;
	if (statx(fds, name, 0, STATX_INO, &sx) < 0)
		return 0;
	n = readlinkat(fds, name, path, sizeof(path) - 1);
	if (n < 0)
		return 0; /* closed meanwhile */
	path[n] = '\0';
	st = (struct stat){ .st_dev = device, .st_ino = sx.stx_ino, .st_mode = sx.stx_mode };
	return found(data, path, &st);
}

static int look_into(int process, dev_t device, inuse_fn *found, void *data)
{
	auto_close int fds = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *dir = fds < 0 ? NULL : fdopendir(fds);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return 0; /* it has ended meanwhile */
	(void)take_fd(&fds);
	while (r == 0 && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			r = judge(dirfd(dir), entry->d_name, device, found, data);
	return r;
}

int inuse_each_fifo(dev_t device, inuse_fn *found, void *data)
{
	auto_closedir DIR *proc = opendir("/proc");
	const struct dirent *entry;
	char own[32];
	int r = 0;

	(void)snprintf(own, sizeof(own), "%d", (int)getpid());
	while (r == 0 && proc && (entry = readdir(proc))) {
		auto_close int process = -EBADF;

		if (!isdigit((unsigned char)entry->d_name[0]) || strcmp(entry->d_name, own) == 0)
			continue;
		process = openat(dirfd(proc), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (process >= 0)
			r = look_into(process, device, found, data);
	}
	return r;
}
