/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removing trees by descriptors, of any depth, with a bounded number of them. */
#include "config.h"

#include "merge/sweep.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* Each level costs two descriptors, and any number may be less than a tree's depth. */
#define DEPTH_MAX 100

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* What overlayfs let nobody remove is not here; but a hand-made opaque directory may hide it. */
static int clear_flags(int dirfd, const char *name)
{
	auto_close int fd = open_walk(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	int flags = 0;

	if (fd < 0)
		return fd;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return -errno;
	if (!(flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)))
		return -EPERM;
	flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0 ? -errno : 0;
}

static int remove_one(int dirfd, const char *name, int flags)
{
	if (unlinkat(dirfd, name, flags) == 0 || errno == ENOENT)
		return 0;
	return -errno;
}

/* Moves a directory that is too deep to the attic, under a name that nobody has there. */
static int move_up(int dirfd, const char *name, int attic)
{
	struct stat st;
	char moved[64];

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	(void)snprintf(moved, sizeof(moved), "deep%" PRIu64, (uint64_t)st.st_ino);
	return renameat2(dirfd, name, attic, moved, RENAME_NOREPLACE) < 0 ? -errno : 0;
}

static int sweep_depth(int dirfd, const char *name, int attic, int depth);

/* Names that are removed behind a stream's back may make it skip others: so it is read again. */
static int sweep_below(int dirfd, int attic, int depth)
{
	auto_close int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	bool again = true;

	if (!dir)
		return -errno;
	(void)take_fd(&copy);
	while (again) {
		again = false;
		rewinddir(dir);
		while (errno = 0, (entry = readdir(dir))) {
			int r;

			if (is_dots(entry->d_name))
				continue;
			again = true;
			r = sweep_depth(dirfd, entry->d_name, attic, depth);
			if (r < 0)
				return r;
		}
		if (errno)
			return -errno;
	}
	return 0;
}

static int sweep_directory(int dirfd, const char *name, int attic, int depth)
{
	auto_close int fd = -EBADF;
	int r;

	if (depth == DEPTH_MAX)
		return move_up(dirfd, name, attic);
	fd = open_walk(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd;
	r = sweep_below(fd, attic, depth + 1);
	if (r == -EPERM || r == -EACCES) {
		int cleared = clear_flags(dirfd, name);

		if (cleared < 0)
			return r;
		r = sweep_below(fd, attic, depth + 1);
	}
	return r < 0 ? r : remove_one(dirfd, name, AT_REMOVEDIR);
}

static int sweep_depth(int dirfd, const char *name, int attic, int depth)
{
	int r = remove_one(dirfd, name, 0);

	if (r == -EISDIR)
		return sweep_directory(dirfd, name, attic, depth);
	if (r == -EPERM) {
		r = clear_flags(dirfd, name);
		if (r < 0)
			return r;
		r = remove_one(dirfd, name, 0);
		if (r == -EISDIR)
			r = sweep_directory(dirfd, name, attic, depth);
	}
	return r;
}

int sweep_name(int dirfd, const char *name, int attic)
{
	return sweep_depth(dirfd, name, attic, 0);
}

int sweep_all(int dirfd)
{
	return sweep_below(dirfd, dirfd, 0);
}
