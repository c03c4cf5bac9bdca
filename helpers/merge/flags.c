/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inode flags. */
#include "config.h"

#include "merge/flags.h"
#include "merge/handle.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* Like open_walk's for something that may be a FIFO: it is not waited for. */
#define OPEN_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK)

const unsigned int flags_protecting = FS_IMMUTABLE_FL | FS_APPEND_FL;

/* What chattr(1) sets on ext4, XFS and btrfs without a meaning for the layout of the data. */
static const unsigned int carried = FS_SECRM_FL | FS_UNRM_FL | FS_COMPR_FL | FS_SYNC_FL |
				    FS_NODUMP_FL | FS_NOATIME_FL | FS_JOURNAL_DATA_FL |
				    FS_NOTAIL_FL | FS_DIRSYNC_FL | FS_TOPDIR_FL | FS_NOCOW_FL;
/* These a copy-up takes along, so that their absence above means that they were taken off. */
static const unsigned int copied_up = FS_NOATIME_FL;

static bool has_none(int error)
{
	return error == -ENOTTY || error == -EOPNOTSUPP || error == -ENOSYS;
}

static int get(int fd, unsigned int *ret)
{
	unsigned int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return -errno;
	*ret = flags;
	return 0;
}

static int set(int fd, unsigned int flags)
{
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0 ? -errno : 0;
}

int flags_carry(int from, int lower, int to)
{
	unsigned int above = 0, below = 0, have = 0;
	int r = get(from, &above);

	if (r < 0 && !has_none(r))
		return r;
	if (lower >= 0) {
		unsigned int mask = r == 0 ? ~copied_up : ~0U;

		r = get(lower, &below);
		if (r < 0 && !has_none(r))
			return r;
		below &= mask;
	}
	above = (above | below) & carried;
	if (!above)
		return 0;
	r = get(to, &have);
	if (r < 0)
		return has_none(r) ? 0 : r;
	if ((have | above) == have)
		return 0;
	r = set(to, have | above);
	/* One that this file system has no room for is no reason to keep the data in RAM. */
	return has_none(r) || r == -EINVAL ? 0 : r;
}

int flags_protect(int fd, unsigned int protect)
{
	unsigned int have = 0;
	int r = get(fd, &have);

	if (r < 0)
		return has_none(r) && !protect ? 0 : r;
	if ((have & flags_protecting) == protect)
		return 0;
	return set(fd, (have & ~flags_protecting) | protect);
}

int flags_protect_at(int dirfd, const char *name, unsigned int protect)
{
	auto_close int fd = open_walk(dirfd, name, OPEN_FLAGS, 0);

	return fd < 0 ? fd : flags_protect(fd, protect);
}

/* Safe on the disk before the flag goes. */
static int make_note(int staging, int fd, unsigned int protect)
{
	char name[HANDLE_TEXT_MAX + 16];
	char text[HANDLE_TEXT_MAX];
	struct handle handle;
	auto_close int note = -EBADF;
	int r = handle_at(fd, "", &handle);

	if (r < 0)
		return r;
	(void)snprintf(name, sizeof(name), "%c%x-%s", FLAGS_NOTE, protect,
		       handle_text(&handle, text));
	note = openat(staging, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (note < 0)
		return -errno;
	return fsync(note) < 0 || fsync(staging) < 0 ? -errno : 0;
}

/* Never a device, which would take the opening for a request. -ENOTTY: it can have no flags. */
static int open_flagged(int dirfd, const char *name)
{
	auto_close int path = open_walk(dirfd, name, O_PATH | O_NOFOLLOW, 0);
	char way[64];
	struct stat st;
	int fd;

	if (path < 0)
		return path;
	if (fstat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return -ENOTTY;
	(void)snprintf(way, sizeof(way), "/proc/self/fd/%d", path);
	fd = open(way, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int flags_lift(int staging, int dirfd, const char *name)
{
	auto_close int fd = open_flagged(dirfd, name);
	unsigned int have = 0;
	struct stat st;
	int r = fd < 0 ? fd : get(fd, &have);

	if (r == -ENOENT || has_none(r))
		return 0; /* a symbolic link, a socket, …: has none */
	if (r < 0)
		return r;
	if (!(have & flags_protecting))
		return 0;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode) && st.st_nlink > 1)
		r = make_note(staging, fd, have & flags_protecting);
	return r < 0 ? r : set(fd, have & ~flags_protecting);
}

static int restore(int staging, const char *name)
{
	auto_close int fd = -EBADF;
	struct handle handle;
	unsigned int protect;
	int used = 0;
	int r;

	if (sscanf(name + 1, "%x-%n", &protect, &used) != 1 || !used ||
	    (protect & ~flags_protecting) || !handle_parse(name + 1 + used, &handle))
		return -EINVAL;
	fd = handle_open(staging, &handle, OPEN_FLAGS);
	if (fd == -ESTALE)
		return 0; /* its last name is gone */
	if (fd < 0)
		return fd;
	r = flags_protect(fd, protect);
	return r < 0 || fsync(fd) == 0 ? r : -errno;
}

int flags_restore(int staging)
{
	int copy = openat(staging, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!dir) {
		fd_close(&copy);
		return -errno;
	}
	while (errno = 0, (entry = readdir(dir))) {
		int r;

		if (entry->d_name[0] != FLAGS_NOTE)
			continue;
		r = restore(staging, entry->d_name);
		if (r < 0)
			return r;
		if (unlinkat(staging, entry->d_name, 0) < 0)
			return -errno;
	}
	return -errno;
}
