/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small files, read as a whole and written as a whole. */
#include "config.h"

#include "common/file.h"
#include "common/fd.h"
#include "common/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define READ_STEP 4096

ssize_t file_read_fd(int fd, size_t max, char **ret_text)
{
	auto_free char *text = NULL;
	size_t length = 0;
	size_t room = 0;

	for (;;) {
		ssize_t n;

		/* One byte for NUL, and one that tells that there is more than max. */
		if (room < length + 2) {
			size_t more = room ? room * 2 : READ_STEP;
			char *grown = realloc(text, more < max + 2 ? more : max + 2);

			if (!grown)
				return -ENOMEM;
			text = grown;
			room = more < max + 2 ? more : max + 2;
		}
		n = pread(fd, text + length, room - length - 1, (off_t)length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		length += (size_t)n;
		if (length > max)
			return -EFBIG;
	}
	text[length] = '\0';
	*ret_text = take_pointer(text);
	return (ssize_t)length;
}

ssize_t file_read(int dirfd, const char *path, size_t max, char **ret_text)
{
	auto_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : file_read_fd(fd, max, ret_text);
}

pid_t file_read_pid(int dirfd, const char *path)
{
	auto_free char *text = NULL;
	ssize_t length = file_read(dirfd, path, 64, &text);
	uint64_t pid;
	char *start;

	if (length < 0)
		return (pid_t)length;
	start = text + strspn(text, " \t\n");
	start[strcspn(start, " \t\n")] = '\0';
	if (parse_number(start, INT_MAX, &pid) < 0 || pid == 0)
		return -EINVAL;
	return (pid_t)pid;
}

pid_t file_read_live_pid(int dirfd, const char *path)
{
	pid_t pid = file_read_pid(dirfd, path);

	/* EPERM: it lives, and is somebody else's. */
	if (pid > 0 && kill(pid, 0) < 0 && errno == ESRCH)
		return -ENOENT;
	return pid;
}

int file_write(int dirfd, const char *path, const char *text)
{
	auto_close int fd = -EBADF;
	char beside[PATH_MAX];
	size_t length = strlen(text);

	if ((size_t)snprintf(beside, sizeof(beside), "%s.initfs", path) >= sizeof(beside))
		return -ENAMETOOLONG;
	if (unlinkat(dirfd, beside, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(dirfd, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	/* The umask of the hook that started us is not known. */
	if (fchmod(fd, 0644) < 0)
		return -errno;
	if (write(fd, text, length) != (ssize_t)length)
		return -EIO;
	if (renameat(dirfd, beside, dirfd, path) < 0)
		return -errno;
	return 0;
}

int file_write_pid(int dirfd, const char *path, pid_t pid)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%d\n", (int)pid);
	return file_write(dirfd, path, text);
}

void file_remove_pid(int dirfd, const char *path)
{
	if (file_read_pid(dirfd, path) == getpid())
		(void)unlinkat(dirfd, path, 0); /* who reads a stale one looks for its process */
}
