/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations on extended attributes, ACLs among them. All go by /proc/self/fd, which is the working
 * directory of every worker: neither symlinks nor special files can be opened for it.
 */
#include "config.h"

#include "hold/ops.h"

#include "common/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#define ACL_ACCESS "system.posix_acl_access"

/*
 * An ACL changes the mode, and that takes the setgid bit from whom it is not due. The kernel leaves
 * this to us (FUSE_SETXATTR_EXT, which would tell, came with libfuse 3.17), so the file system has to
 * see a caller without CAP_FSETID.
 */
static int set_acl(fuse_req_t req, const struct node *node, const char *link, const void *value,
		   size_t size, int flags)
{
	struct caller caller = view_caller(req);
	struct stat st;
	bool is_plain;
	int r = view_stat(node, &st);

	if (r < 0)
		return r;
	is_plain = st.st_mode & S_ISGID && !is_caller_in_group(&caller, st.st_gid);
	if (is_plain) {
		r = caller_enter_plain(&caller);
		if (r < 0)
			return r;
	}
	r = setxattr(link, ACL_ACCESS, value, size, flags) < 0 ? -errno : 0;
	if (is_plain)
		caller_leave();
	return r;
}

static void op_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value,
			size_t size, int flags)
{
	const struct node *node = view_node(req, ino);
	char link[VIEW_LINK_SIZE];
	int r = 0;

	(void)view_link(node, link);
	if (node->fd < 0)
		r = -ESTALE;
	else if (strcmp(name, ACL_ACCESS) == 0)
		r = set_acl(req, node, link, value, size, flags);
	else if (setxattr(link, name, value, size, flags) < 0)
		r = -errno;
	(void)fuse_reply_err(req, -r);
}

static void op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	const struct node *node = view_node(req, ino);
	char link[VIEW_LINK_SIZE];
	int error = 0;

	if (node->fd < 0)
		error = ESTALE;
	else if (removexattr(view_link(node, link), name) < 0)
		error = errno;
	(void)fuse_reply_err(req, error);
}

/* name NULL lists. A size of 0 asks for the size needed. */
static void read_xattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	const struct node *node = view_node(req, ino);
	auto_free char *value = size ? malloc(size) : NULL;
	char link[VIEW_LINK_SIZE];
	ssize_t n;

	if (node->fd < 0 || (size && !value)) {
		(void)fuse_reply_err(req, node->fd < 0 ? ESTALE : ENOMEM);
		return;
	}
	(void)view_link(node, link);
	n = name ? getxattr(link, name, value, size) : listxattr(link, value, size);
	if (n < 0)
		(void)fuse_reply_err(req, errno);
	else if (!size)
		(void)fuse_reply_xattr(req, (size_t)n);
	else
		(void)fuse_reply_buf(req, value, (size_t)n);
}

static void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	read_xattr(req, ino, name, size);
}

static void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	read_xattr(req, ino, NULL, size);
}

void ops_xattrs(struct fuse_lowlevel_ops *ops)
{
	ops->setxattr = op_setxattr;
	ops->getxattr = op_getxattr;
	ops->listxattr = op_listxattr;
	ops->removexattr = op_removexattr;
}
