/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removing trees by descriptors, of any depth, with a bounded number of them. */
#include "config.h"

#include "merge/sweep.h"
#include "merge/flags.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

/* Each level costs two descriptors, and any number may be less than a tree's depth. */
#define DEPTH_MAX 100

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
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
		int cleared = flags_lift(attic, dirfd, name);

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
		r = flags_lift(attic, dirfd, name);
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

/* Until a reading finds nothing to remove: names may have been moved up here meanwhile. */
int sweep_all(int dirfd, sweep_keep_fn *keep, const void *data)
{
	auto_close int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	bool again = true;
	int kept = 0;

	if (!dir)
		return -errno;
	(void)take_fd(&copy);
	while (again) {
		again = false;
		kept = 0;
		rewinddir(dir);
		while (errno = 0, (entry = readdir(dir))) {
			int r;

			if (is_dots(entry->d_name) || entry->d_name[0] == FLAGS_NOTE)
				continue;
			if (keep && keep(data, entry->d_name)) {
				kept++;
				continue;
			}
			again = true;
			r = sweep_depth(dirfd, entry->d_name, dirfd, 0);
			if (r < 0)
				return r;
		}
		if (errno)
			return -errno;
	}
	return kept;
}
