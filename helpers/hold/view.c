/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operations of initfs-hold have in common. */
#include "config.h"

#include "hold/view.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * While the view is the only way to the files, what the kernel knows is true for as long as it
 * likes. After the switch others reach the disk without us, so nothing may be kept. Attributes can
 * be taken back then (invalidate.c). Names cannot without harm: the kernel would unhash
 * the directories that programs stand in, and their getcwd(2) would fail with ENOENT. So names are
 * never kept for long.
 */
#define ENTRY_SECONDS 1.0
#define ATTR_SECONDS 3600.0

/* What several workers may be making at the same time. */
#define VIEW_ROOM 64

double view_entry_time(const struct view *view)
{
	return view->is_on_disk || view->hold->is_wary ? 0 : ENTRY_SECONDS;
}

bool is_number_ambiguous(const struct stat *st)
{
	return !S_ISDIR(st->st_mode) && st->st_nlink > 1 && (uint64_t)st->st_ino >> 63;
}

double view_attr_time(const struct view *view, const struct stat *st)
{
	/* Two nodes may be one object after all, and the kernel would not know of each other's changes. */
	if (is_number_ambiguous(st))
		return 0;
	return view->is_on_disk || view->hold->is_wary ? 0 : ATTR_SECONDS;
}

int view_reopen(const struct hold *hold, int fd, int flags)
{
	char link[VIEW_LINK_SIZE];
	int opened;

	if (fd < 0)
		return -ESTALE;
	flags &= O_ACCMODE | O_APPEND | O_DIRECT | O_DIRECTORY | O_DSYNC | O_SYNC | O_LARGEFILE |
		 O_NOATIME | O_NONBLOCK | O_PATH | O_TRUNC;
	(void)snprintf(link, sizeof(link), "%d", fd);
	opened = openat(hold->proc, link, flags | O_CLOEXEC | O_NOCTTY);
	if (opened < 0)
		return -errno;
	/*
	 * Opening has told whether the file system takes O_DIRECT. Doing it would need buffers
	 * aligned as the program's are, and ours are not: through the page cache all is the same.
	 */
	if (flags & O_DIRECT && fcntl(opened, F_SETFL, flags & ~O_DIRECT) < 0) {
		close(opened);
		return -EINVAL;
	}
	return opened;
}

int view_reopen_protected(const struct hold *hold, int fd, int flags)
{
	int opened = view_reopen(hold, fd, flags);
	auto_close int at = -EBADF;
	int has, without;

	if (opened != -EPERM)
		return opened;
	at = view_reopen(hold, fd, O_RDONLY | O_NONBLOCK);
	if (at < 0 || ioctl(at, FS_IOC_GETFLAGS, &has) < 0)
		return opened;
	without = has & ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
	if (without == has || ioctl(at, FS_IOC_SETFLAGS, &without) < 0)
		return opened;
	opened = view_reopen(hold, fd, flags);
	if (ioctl(at, FS_IOC_SETFLAGS, &has) < 0) {
		int r = -errno;

		fd_close(&opened);
		return r;
	}
	return opened;
}

int view_room(const struct hold *hold)
{
	int fd = fcntl(hold->run, F_DUPFD_CLOEXEC, 0); /* the lowest number that is free */

	if (fd < 0)
		return -errno;
	close(fd);
	return fd < hold->descriptors - VIEW_ROOM ? 0 : -EMFILE;
}

int view_stat(const struct node *node, struct stat *ret_st)
{
	if (node->fd < 0) {
		if (!node->last)
			return -ESTALE;
		*ret_st = *node->last;
		return 0;
	}
	return fstat(node->fd, ret_st) < 0 ? -errno : 0;
}

void view_wake(const struct hold *hold)
{
	static const uint64_t one = 1;

	if (write(hold->wake, &one, sizeof(one)) < 0)
		return; /* cannot be: an eventfd takes 2^64 - 2 of them */
}

const char *view_link(const struct node *node, char link[static VIEW_LINK_SIZE])
{
	(void)snprintf(link, VIEW_LINK_SIZE, "%d", node->fd);
	return link;
}
