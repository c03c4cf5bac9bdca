/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing. */
#include "config.h"

#include "merge/same.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Programs wait meanwhile. */
#define COMPARED_MAX (16 * 1024 * 1024)
#define PIECE 65536

static int same_data(int fd, int other, off_t size)
{
	auto_free char *buffers = malloc(2 * PIECE);
	off_t at;

	if (!buffers)
		return -ENOMEM;
	for (at = 0; at < size;) {
		ssize_t n = pread(fd, buffers, PIECE, at);
		ssize_t m = n <= 0 ? n : pread(other, buffers + PIECE, (size_t)n, at);

		if (n < 0 || m < 0)
			return -errno;
		if (n == 0 || n != m || memcmp(buffers, buffers + PIECE, (size_t)n) != 0)
			return 0;
		at += n;
	}
	return 1;
}

static int same_file(int at, const char *name, int other_at, const char *other_name, off_t size)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	auto_close int fd = open_walk(at, name, flags, 0);
	auto_close int other = open_walk(other_at, other_name, flags, 0);

	if (fd < 0 || other < 0)
		return fd < 0 ? fd : other;
	return same_data(fd, other, size);
}

static int same_link(int at, const char *name, int other_at, const char *other_name)
{
	char target[PATH_MAX], other[PATH_MAX];
	ssize_t n = readlinkat(at, name, target, sizeof(target));
	ssize_t m = n < 0 ? n : readlinkat(other_at, other_name, other, sizeof(other));

	if (n < 0 || m < 0)
		return -errno;
	return n == m && memcmp(target, other, (size_t)n) == 0;
}

int same_object(int at, const char *name, int other_at, const char *other_name)
{
	struct stat st, other;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstatat(other_at, other_name, &other, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if ((st.st_mode & S_IFMT) != (other.st_mode & S_IFMT) || st.st_size != other.st_size)
		return 0;
	if (S_ISLNK(st.st_mode))
		return same_link(at, name, other_at, other_name);
	if (S_ISREG(st.st_mode))
		return st.st_size > COMPARED_MAX
			       ? 0
			       : same_file(at, name, other_at, other_name, st.st_size);
	return !S_ISDIR(st.st_mode) && st.st_rdev == other.st_rdev;
}
