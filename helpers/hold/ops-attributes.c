/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on attributes. */
#include "config.h"

#include "hold/ops.h"
#include "hold/privileges.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

static void reply_stat(fuse_req_t req, const struct node *node)
{
	struct stat st;
	int r = view_stat(node, &st);

	if (r < 0) {
		(void)fuse_reply_err(req, -r);
		return;
	}
	view_show_number(node, &st);
	(void)fuse_reply_attr(req, &st, view_attr_time(view_of(req), &st));
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	reply_stat(req, view_node(req, ino));
}

static int set_owner(const struct node *node, const struct stat *attr, int to_set)
{
	uid_t uid = to_set & FUSE_SET_ATTR_UID ? attr->st_uid : (uid_t)-1;
	gid_t gid = to_set & FUSE_SET_ATTR_GID ? attr->st_gid : (gid_t)-1;

	if (!(to_set & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)))
		return 0;
	return fchownat(node->fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0 ? -errno
											 : 0;
}

/* fchmodat cannot take a descriptor alone before Linux 6.6, so it goes by /proc/self/fd. */
static int set_mode(const struct node *node, const struct stat *attr, int to_set)
{
	char link[VIEW_LINK_SIZE];

	if (!(to_set & FUSE_SET_ATTR_MODE))
		return 0;
	return chmod(view_link(node, link), attr->st_mode & 07777) < 0 ? -errno : 0;
}

/* The kernel's FATTR_KILL_SUIDGID: libfuse hands it on. A chown takes them by itself. */
static int take_privileges(fuse_req_t req, const struct node *node, int to_set)
{
	if (!(to_set & FUSE_SET_ATTR_SIZE) || !(to_set & FUSE_SET_ATTR_KILL_SUID))
		return 0;
	return privileges_take(view_of(req), node);
}

static int set_size(const struct node *node, const struct stat *attr, int to_set,
		    const struct fuse_file_info *fi)
{
	char link[VIEW_LINK_SIZE];
	int r;

	if (!(to_set & FUSE_SET_ATTR_SIZE))
		return 0;
	if (fi)
		r = ftruncate(view_file(fi)->fd, attr->st_size);
	else
		r = truncate(view_link(node, link), attr->st_size);
	return r < 0 ? -errno : 0;
}

static struct timespec time_to_set(const struct timespec *given, bool is_set, bool is_now)
{
	if (is_now)
		return (struct timespec){ .tv_nsec = UTIME_NOW };
	if (is_set)
		return *given;
	return (struct timespec){ .tv_nsec = UTIME_OMIT };
}

static int set_times(const struct node *node, const struct stat *attr, int to_set)
{
	const struct timespec times[2] = {
		time_to_set(&attr->st_atim, to_set & FUSE_SET_ATTR_ATIME,
			    to_set & FUSE_SET_ATTR_ATIME_NOW),
		time_to_set(&attr->st_mtim, to_set & FUSE_SET_ATTR_MTIME,
			    to_set & FUSE_SET_ATTR_MTIME_NOW),
	};

	if (times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT)
		return 0;
	return utimensat(node->fd, "", times, AT_EMPTY_PATH) < 0 ? -errno : 0; /* Linux 5.8 */
}

/*
 * The kernel asks for nothing when a program has called chown(path, -1, -1), which on Linux is a change
 * of the object all the same, and sets its time of change. It does so too when a write has taken a
 * capability away; a chown of ours would then take setuid as well, which root's write leaves. Where
 * privileges are for us to take, it asks in this way before any write that takes them, too.
 */
static int touch_if_nothing(fuse_req_t req, const struct node *node, int to_set)
{
	const int known = FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID | FUSE_SET_ATTR_MODE |
			  FUSE_SET_ATTR_SIZE | FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME |
			  FUSE_SET_ATTR_ATIME_NOW | FUSE_SET_ATTR_MTIME_NOW;
	char link[VIEW_LINK_SIZE];
	struct stat st;
	int r;

	if (to_set & known)
		return 0;
	r = privileges_go_unsaid(req) ? privileges_take(view_of(req), node) : 0;
	if (r == 0)
		r = view_stat(node, &st);
	if (r < 0)
		return r;
	if (!S_ISLNK(st.st_mode))
		return chmod(view_link(node, link), st.st_mode & 07777) < 0 ? -errno : 0;
	return fchownat(node->fd, "", (uid_t)-1, (gid_t)-1, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

/* Owner before mode: chown takes setuid and setgid away, and the kernel has put in mode what stays. */
static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		       struct fuse_file_info *fi)
{
	struct node *node = view_node(req, ino);
	int r = node->fd < 0 ? -ESTALE : 0;

	if (r == 0)
		r = set_owner(node, attr, to_set);
	if (r == 0)
		r = set_mode(node, attr, to_set);
	if (r == 0)
		r = take_privileges(req, node, to_set);
	if (r == 0)
		r = set_size(node, attr, to_set, fi);
	if (r == 0)
		r = set_times(node, attr, to_set);
	if (r == 0)
		r = touch_if_nothing(req, node, to_set);
	if (r < 0)
		(void)fuse_reply_err(req, -r);
	else
		reply_stat(req, node);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	const struct node *node = view_node(req, ino);
	char target[PATH_MAX + 1];
	ssize_t n;

	if (node->fd < 0) {
		(void)fuse_reply_err(req, ESTALE);
		return;
	}
	n = readlinkat(node->fd, "", target, sizeof(target));
	if (n < 0) {
		(void)fuse_reply_err(req, errno);
	} else if ((size_t)n == sizeof(target)) {
		(void)fuse_reply_err(req, ENAMETOOLONG);
	} else {
		target[n] = '\0';
		(void)fuse_reply_readlink(req, target);
	}
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs fs;

	if (fstatvfs(view_of(req)->tree.root.fd, &fs) < 0)
		(void)fuse_reply_err(req, errno);
	else
		(void)fuse_reply_statfs(req, &fs);
}

/* The inode flags (chattr, lsattr): the kernel has checked the right to set them. */
static int do_ioctl(const struct view *view, const struct node *node, unsigned int cmd, void *data)
{
	auto_close int fd = -EBADF;

	if (node->type != S_IFREG && node->type != S_IFDIR)
		return -ENOTTY;
	fd = view_reopen(view->hold, node->fd, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return fd;
	return ioctl(fd, cmd, data) < 0 ? -errno : 0;
}

/*
 * Only these four go through: the kernel passes data of the size that an ioctl's number names, so
 * others could make this process, which is root, do what their caller may not.
 */
static void op_ioctl(fuse_req_t req, fuse_ino_t ino, unsigned int cmd, void *arg,
		     struct fuse_file_info *fi, unsigned int flags, const void *in, size_t in_size,
		     size_t out_size)
{
	const struct node *node = view_node(req, ino);
	union {
		long flags;
		struct fsxattr xattr;
	} data = { 0 };
	/* The numbers of the first two say long, the kernel reads and writes an int. */
	bool is_get = cmd == FS_IOC_GETFLAGS || cmd == FS_IOC_FSGETXATTR;
	bool is_set = cmd == FS_IOC_SETFLAGS || cmd == FS_IOC_FSSETXATTR;
	int r;

	if ((!is_get && !is_set) || in_size > sizeof(data) || out_size > sizeof(data)) {
		(void)fuse_reply_err(req, ENOTTY);
		return;
	}
	if (in_size)
		memcpy(&data, in, in_size);
	r = do_ioctl(view_of(req), node, cmd, &data);
	if (r < 0)
		(void)fuse_reply_err(req, -r);
	else
		(void)fuse_reply_ioctl(req, 0, &data, is_get ? out_size : 0);
}

void ops_attributes(struct fuse_lowlevel_ops *ops)
{
	ops->getattr = op_getattr;
	ops->setattr = op_setattr;
	ops->readlink = op_readlink;
	ops->statfs = op_statfs;
	ops->ioctl = op_ioctl;
}
