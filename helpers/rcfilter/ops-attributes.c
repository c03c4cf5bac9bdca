/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on attributes. */
#include "config.h"

#include "rcfilter/ops.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

static void reply_attr(fuse_req_t request, const struct node *node)
{
	struct stat st;
	int r = script_node_stat(node, &st);

	if (r < 0)
		reply(request, r);
	else
		(void)fuse_reply_attr(request, &st, script_memory(&st));
}

static void op_getattr(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	reply_attr(request, node_of(view_of(request), number));
}

/* An O_PATH descriptor can neither be changed nor read: its entry in /proc/self/fd leads on. */
const char *script_fd_name(const struct node *node, char name[16])
{
	(void)snprintf(name, 16, "%d", node->fd);
	return name;
}

static void fd_path(const struct node *node, char path[64])
{
	(void)snprintf(path, 64, "/proc/self/fd/%d", node->fd);
}

static struct timespec time_of(int to_set, int set, int set_now, struct timespec value)
{
	if (to_set & set_now)
		value.tv_nsec = UTIME_NOW;
	else if (!(to_set & set))
		value.tv_nsec = UTIME_OMIT;
	return value;
}

static int set_attributes(const struct server *server, const struct node *node,
			  const struct stat *attr, int to_set)
{
	const int times = FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_ATIME_NOW |
			  FUSE_SET_ATTR_MTIME_NOW;
	char name[16];

	(void)script_fd_name(node, name);
	if ((to_set & FUSE_SET_ATTR_MODE) && fchmodat(server->fds, name, attr->st_mode, 0) < 0)
		return -errno;
	if ((to_set & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)) &&
	    fchownat(node->fd, "", to_set & FUSE_SET_ATTR_UID ? attr->st_uid : (uid_t)-1,
		     to_set & FUSE_SET_ATTR_GID ? attr->st_gid : (gid_t)-1, AT_EMPTY_PATH) < 0)
		return -errno;
	if (to_set & FUSE_SET_ATTR_SIZE) {
		auto_close int fd = openat(server->fds, name, O_WRONLY | O_CLOEXEC);

		if (fd < 0 || ftruncate(fd, attr->st_size) < 0)
			return -errno;
	}
	if (to_set & times) {
		struct timespec when[2] = {
			time_of(to_set, FUSE_SET_ATTR_ATIME, FUSE_SET_ATTR_ATIME_NOW,
				attr->st_atim),
			time_of(to_set, FUSE_SET_ATTR_MTIME, FUSE_SET_ATTR_MTIME_NOW,
				attr->st_mtim),
		};

		if (utimensat(server->fds, name, when, 0) < 0)
			return -errno;
	}
	return 0;
}

static void op_setattr(fuse_req_t request, fuse_ino_t number, struct stat *attr, int to_set,
		       struct fuse_file_info *file)
{
	const struct node *node = node_of(view_of(request), number);
	int r = node->fd < 0 ? -EROFS : set_attributes(server_of(request), node, attr, to_set);

	if (r < 0)
		reply(request, r);
	else
		reply_attr(request, node);
}

static void op_statfs(fuse_req_t request, fuse_ino_t number)
{
	struct statvfs st;

	if (fstatvfs(view_of(request)->root.fd, &st) < 0)
		reply(request, -errno);
	else
		(void)fuse_reply_statfs(request, &st);
}

static void reply_xattr(fuse_req_t request, ssize_t n, const char *value, size_t size)
{
	if (n < 0)
		reply(request, -errno);
	else if (!size)
		(void)fuse_reply_xattr(request, (size_t)n);
	else
		(void)fuse_reply_buf(request, value, (size_t)n);
}

static void op_getxattr(fuse_req_t request, fuse_ino_t number, const char *name, size_t size)
{
	const struct node *node = node_of(view_of(request), number);
	auto_free char *value = malloc(size + 1);
	char path[64];

	fd_path(node, path);
	if (node->fd < 0 || !value)
		reply(request, node->fd < 0 ? -ENODATA : -ENOMEM);
	else
		reply_xattr(request, getxattr(path, name, value, size), value, size);
}

static void op_listxattr(fuse_req_t request, fuse_ino_t number, size_t size)
{
	const struct node *node = node_of(view_of(request), number);
	auto_free char *value = malloc(size + 1);
	char path[64];

	fd_path(node, path);
	if (!value)
		reply(request, -ENOMEM);
	else
		reply_xattr(request, node->fd < 0 ? 0 : listxattr(path, value, size), value, size);
}

static void op_setxattr(fuse_req_t request, fuse_ino_t number, const char *name, const char *value,
			size_t size, int flags)
{
	char path[64];

	fd_path(node_of(view_of(request), number), path);
	reply(request, setxattr(path, name, value, size, flags) < 0 ? -errno : 0);
}

static void op_removexattr(fuse_req_t request, fuse_ino_t number, const char *name)
{
	char path[64];

	fd_path(node_of(view_of(request), number), path);
	reply(request, removexattr(path, name) < 0 ? -errno : 0);
}

void script_ops_attributes(struct fuse_lowlevel_ops *ops)
{
	ops->getattr = op_getattr;
	ops->setattr = op_setattr;
	ops->statfs = op_statfs;
	ops->getxattr = op_getxattr;
	ops->listxattr = op_listxattr;
	ops->setxattr = op_setxattr;
	ops->removexattr = op_removexattr;
}
