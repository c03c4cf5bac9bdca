/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on names. */
#include "config.h"

#include "rcfilter/ops.h"
#include "rcfilter/follow.h"
#include "rcfilter/outside.h"
#include "rcfilter/runner.h"
#include "rcfilter/running.h"
#include "common/fd.h"
#include "passthrough/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/*
 * How long the kernel may remember a name and its attributes. Without that a start asks thirty times
 * and not ten. Whatever changes here comes through the kernel, which forgets by itself; only a
 * second name of the same file would not know. Nothing that differs from process to process is
 * remembered: opens, links and lists always come to us.
 */
double script_memory(const struct stat *st)
{
	return S_ISDIR(st->st_mode) || st->st_nlink == 1 ? 1.0 : 0.0;
}

int script_find(struct view *view, struct node *parent, const char *name,
		struct fuse_entry_param *ret_entry)
{
	const struct outside *outside = NULL;
	auto_close int fd = -EBADF;
	enum made_up what;
	struct node *node;
	struct stat st;

	if (parent->fd < 0)
		return -ENOTDIR;
	if (parent == &view->root && outside_name(name) != name)
		outside = outside_find(view->server->starts.scripts, view->number,
				       outside_name(name), NULL);
	fd = outside ? fcntl(outside->fd, F_DUPFD_CLOEXEC, 0)
		     : openat(parent->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		what = errno == ENOENT ? made_up(view, parent, name) : MADE_UP_NOT;
		if (what == MADE_UP_NOT)
			return -errno;
		made_up_stat(what, &st);
	} else if (fstatat(fd, "", &st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0) {
		return -errno;
	}
	node = script_node_get(view, parent, name, take_fd(&fd), &st);
	if (!node)
		return -ENOMEM;
	*ret_entry = (struct fuse_entry_param){ .ino = number_of(view, node), .attr = st };
	if (made_up_of(node) == MADE_UP_NOT && !outside)
		ret_entry->attr_timeout = ret_entry->entry_timeout = script_memory(&st);
	return 0;
}

static void reply_entry(fuse_req_t request, struct node *parent, const char *name)
{
	struct view *view = view_of(request);
	struct fuse_entry_param entry;
	int r = script_find(view, parent, name, &entry);

	if (r < 0)
		reply(request, r);
	else if (fuse_reply_entry(request, &entry) < 0)
		script_node_forget(view, node_of(view, entry.ino), 1);
}

static void op_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	reply_entry(request, node_of(view_of(request), parent), name);
}

static void op_forget(fuse_req_t request, fuse_ino_t number, uint64_t count)
{
	script_node_forget(view_of(request), node_of(view_of(request), number), count);
	fuse_reply_none(request);
}

static void op_forget_multi(fuse_req_t request, size_t count, struct fuse_forget_data *forgets)
{
	size_t i;

	for (i = 0; i < count; i++)
		script_node_forget(view_of(request), node_of(view_of(request), forgets[i].ino),
				   forgets[i].nlookup);
	fuse_reply_none(request);
}

/*
 * Runners, who look and become the script, and its shell, which opens it again, are led to the file
 * through us; all others, as readlink -f in a script, see where the link leads.
 */
static bool is_shown_other(struct view *view, const struct node *node, pid_t pid,
			   const char *target)
{
	struct starts *starts = &view->server->starts;

	return !starts->board->over &&
	       outside_find(starts->scripts, view->number, node->name, target) &&
	       (*running_find(starts, pid) || follow_is_listing(starts, pid));
}

static void op_readlink(fuse_req_t request, fuse_ino_t number)
{
	struct view *view = view_of(request);
	struct node *node = node_of(view, number);
	char target[PATH_MAX + 1];
	ssize_t n;

	if (node->parent && script_level(view, node->parent))
		follow_seen(&view->server->starts, pid_of(request), node->name);
	if (made_up_of(node) == MADE_UP_LINK) {
		(void)fuse_reply_readlink(request, made_up_target(view));
		return;
	}
	n = readlinkat(node->fd, "", target, sizeof(target) - 1);
	if (n < 0) {
		reply(request, -errno);
		return;
	}
	target[n] = '\0';
	if (node->parent == &view->root && is_shown_other(view, node, pid_of(request), target))
		(void)snprintf(target, sizeof(target), OUTSIDE_PREFIX "%s", node->name);
	(void)fuse_reply_readlink(request, target);
}

static void reply_made(fuse_req_t request, int r, struct node *parent, const char *name)
{
	if (r < 0)
		reply(request, r);
	else
		reply_entry(request, parent, name);
}

static void op_mknod(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode,
		     dev_t rdev)
{
	struct node *node = node_of(view_of(request), parent);
	int r = AS_CALLER(request, mknodat(node->fd, name, mode, rdev));

	reply_made(request, r, node, name);
}

static void op_mkdir(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode)
{
	struct node *node = node_of(view_of(request), parent);
	int r = AS_CALLER(request, mkdirat(node->fd, name, mode));

	reply_made(request, r, node, name);
}

static void op_symlink(fuse_req_t request, const char *target, fuse_ino_t parent, const char *name)
{
	struct node *node = node_of(view_of(request), parent);
	int r = AS_CALLER(request, symlinkat(target, node->fd, name));

	reply_made(request, r, node, name);
}

static void op_link(fuse_req_t request, fuse_ino_t number, fuse_ino_t parent, const char *name)
{
	struct view *view = view_of(request);
	struct node *node = node_of(view, parent);
	int r = 0;

	if (linkat(node_of(view, number)->fd, "", node->fd, name, AT_EMPTY_PATH) < 0)
		r = -errno;
	reply_made(request, r, node, name);
}

static void op_unlink(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	struct node *node = node_of(view_of(request), parent);

	reply(request, unlinkat(node->fd, name, 0) < 0 ? -errno : 0);
}

static void op_rmdir(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	struct node *node = node_of(view_of(request), parent);

	reply(request, unlinkat(node->fd, name, AT_REMOVEDIR) < 0 ? -errno : 0);
}

/* What was looked up under (from, name) is (to, fresh) from now on. */
static void rename_nodes(struct view *view, struct node *from, const char *name, struct node *to,
			 const char *fresh)
{
	struct node *node;
	size_t i;

	for (i = 0; i < NODE_BUCKETS; i++)
		for (node = view->bucket[i]; node; node = node->next) {
			char *copy;

			if (node->parent != from || strcmp(node->name, name) != 0)
				continue;
			copy = strdup(fresh);
			if (!copy)
				continue; /* under its old name it is asked for again in a second */
			free(node->name);
			node->name = copy;
			node->parent = to;
		}
}

static void op_rename(fuse_req_t request, fuse_ino_t from, const char *name, fuse_ino_t to,
		      const char *fresh, unsigned int flags)
{
	static const char aside[] = ""; /* no name of a file, so nobody is in the way there */
	struct view *view = view_of(request);
	struct node *old = node_of(view, from);
	struct node *new = node_of(view, to);

	if (renameat2(old->fd, name, new->fd, fresh, flags) < 0) {
		reply(request, -errno);
		return;
	}
	rename_nodes(view, new, fresh, new, aside);
	rename_nodes(view, old, name, new, fresh);
	if (flags & RENAME_EXCHANGE)
		rename_nodes(view, new, aside, old, name);
	reply(request, 0);
}

void script_ops_names(struct fuse_lowlevel_ops *ops)
{
	ops->lookup = op_lookup;
	ops->forget = op_forget;
	ops->forget_multi = op_forget_multi;
	ops->readlink = op_readlink;
	ops->mknod = op_mknod;
	ops->mkdir = op_mkdir;
	ops->symlink = op_symlink;
	ops->link = op_link;
	ops->unlink = op_unlink;
	ops->rmdir = op_rmdir;
	ops->rename = op_rename;
}
