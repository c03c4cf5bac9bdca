/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Project ids. */
#include "config.h"

#include "merge/project.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* The project that dir hands on; 0 where it hands none on, also where the file system knows none. */
static unsigned int project_of(int dir)
{
	struct fsxattr attributes;

	if (ioctl(dir, FS_IOC_FSGETXATTR, &attributes) < 0)
		return 0;
	return attributes.fsx_xflags & FS_XFLAG_PROJINHERIT ? attributes.fsx_projid : 0;
}

bool project_is_handed_on(int dir)
{
	return project_of(dir) != 0;
}

static int give(int from, const char *name, unsigned int project);

static int give_all_in(int dir, unsigned int project)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *stream = fd < 0 ? NULL : fdopendir(fd); /* owns fd */
	const struct dirent *entry;
	int r = 0;

	if (!stream) {
		fd_close(&fd);
		return -errno;
	}
	for (errno = 0; r == 0 && (entry = readdir(stream)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = give(dir, entry->d_name, project);
		if (r == -EXDEV)
			r = 0;
	}
	return r == 0 && errno ? -errno : r;
}

static int give(int from, const char *name, unsigned int project)
{
	auto_close int fd = -EBADF;
	struct fsxattr attributes;
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return -EXDEV;
	fd = open_walk(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0)
		return -errno;
	attributes.fsx_projid = project;
	if (S_ISDIR(st.st_mode))
		attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	if (ioctl(fd, FS_IOC_FSSETXATTR, &attributes) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? give_all_in(fd, project) : 0;
}

int project_give(int dir, int from, const char *name)
{
	unsigned int project = project_of(dir);

	return project ? give(from, name, project) : -EXDEV;
}
