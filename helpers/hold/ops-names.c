/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on names: finding, making, moving and removing them. */
#include "config.h"

#include "hold/kept.h"
#include "hold/ops.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

/* With too many nodes, how many more make it worth while to say so again. */
#define CROWD_STEP 64

/* Names change: see tree->change. */
static void changing_begin(struct view *view)
{
	pthread_rwlock_wrlock(&view->tree.change);
}

static void changing_end(struct view *view)
{
	pthread_rwlock_unlock(&view->tree.change);
}

static bool is_same(struct tree *tree, struct node *node, const struct stat *st)
{
	struct stat now;

	if (node->type != (st->st_mode & S_IFMT))
		return false;
	if (node->ino == st->st_ino && node->dev == st->st_dev)
		return true;
	if (node->fd < 0 || fstat(node->fd, &now) < 0)
		return false;
	/* A copy-up may have given it another number since we noted it. */
	if (now.st_ino != st->st_ino || now.st_dev != st->st_dev)
		return false;
	node_rekey(tree, node, now.st_dev, now.st_ino);
	return true;
}

static struct node *find_known(struct tree *tree, struct node *parent, const char *name,
			       const struct stat *st)
{
	struct node *node = node_named(tree, parent, name);

	if (node && is_same(tree, node, st))
		return node;
	if (is_number_ambiguous(st))
		return NULL;
	return node_keyed(tree, st->st_dev, st->st_ino, st->st_mode & S_IFMT);
}

static void fill_entry(struct view *view, struct node *node, const struct stat *st,
		       struct fuse_entry_param *ret_entry)
{
	*ret_entry = (struct fuse_entry_param){
		.ino = node_number(&view->tree, node),
		.attr = *st,
		.attr_timeout = view_attr_time(view, st),
		.entry_timeout = view_entry_time(view),
	};
	view_show_number(node, &ret_entry->attr);
}

int entry_add(struct view *view, struct node *parent, const char *name, int *fd,
	      const struct stat *st, struct fuse_entry_param *ret_entry)
{
	struct tree *tree = &view->tree;
	struct node *node;
	int r = -ENOMEM;

	pthread_mutex_lock(&tree->lock);
	node = find_known(tree, parent, name, st);
	if (!node && *fd >= view->hold->descriptors) {
		r = -EMFILE;
	} else if (!node) {
		node = node_add(tree, *fd, st);
		if (node)
			(void)take_fd(fd);
		if (tree->nodes > view->hold->crowd && tree->nodes % CROWD_STEP == 0)
			view_wake(view->hold);
	}
	if (node) {
		node->lookups++;
		r = name_set(tree, parent, name, node);
		if (r < 0)
			node_forget(tree, node, 1);
		else
			fill_entry(view, node, st, ret_entry);
	}
	pthread_mutex_unlock(&tree->lock);
	return r;
}

int entry_add_nameless(struct view *view, int *fd, const struct stat *st,
		       struct fuse_entry_param *ret_entry)
{
	struct node *node;

	pthread_mutex_lock(&view->tree.lock);
	node = node_add(&view->tree, *fd, st);
	if (node) {
		(void)take_fd(fd);
		node->lookups++;
		fill_entry(view, node, st, ret_entry);
	}
	pthread_mutex_unlock(&view->tree.lock);
	return node ? 0 : -ENOMEM;
}

int entry_find(struct view *view, struct node *parent, const char *name,
	       struct fuse_entry_param *ret_entry)
{
	auto_close int fd = -EBADF;
	struct stat st;

	if (parent->fd < 0)
		return -ESTALE;
	fd = openat(parent->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	return entry_add(view, parent, name, &fd, &st, ret_entry);
}

void entry_forget(struct view *view, const struct fuse_entry_param *entry)
{
	pthread_mutex_lock(&view->tree.lock);
	node_forget(&view->tree, tree_node(&view->tree, entry->ino), 1);
	pthread_mutex_unlock(&view->tree.lock);
}

/* A reply that the kernel does not take (the caller was interrupted) leaves it without the debt. */
static void reply_entry(fuse_req_t req, int r, const struct fuse_entry_param *entry)
{
	struct view *view = view_of(req);

	if (r < 0)
		(void)fuse_reply_err(req, -r);
	else if (fuse_reply_entry(req, entry) < 0)
		entry_forget(view, entry);
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct view *view = view_of(req);
	struct fuse_entry_param entry;
	int r;

	pthread_rwlock_rdlock(&view->tree.change);
	r = entry_find(view, view_node(req, parent), name, &entry);
	pthread_rwlock_unlock(&view->tree.change);
	reply_entry(req, r, &entry);
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count)
{
	struct tree *tree = &view_of(req)->tree;

	pthread_mutex_lock(&tree->lock);
	node_forget(tree, tree_node(tree, ino), count);
	pthread_mutex_unlock(&tree->lock);
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	struct tree *tree = &view_of(req)->tree;
	size_t i;

	pthread_mutex_lock(&tree->lock);
	for (i = 0; i < count; i++)
		node_forget(tree, tree_node(tree, forgets[i].ino), forgets[i].nlookup);
	pthread_mutex_unlock(&tree->lock);
	fuse_reply_none(req);
}

/* What is to be made: one of the three system calls that make a name without opening it. */
struct making {
	mode_t mode;
	dev_t rdev;
	const char *target; /* of a symlink, else NULL */
};

static int make_object(const struct making *making, int dirfd, const char *name)
{
	int r;

	if (making->target)
		r = symlinkat(making->target, dirfd, name);
	else if (S_ISDIR(making->mode))
		r = mkdirat(dirfd, name, making->mode);
	else
		r = mknodat(dirfd, name, making->mode, making->rdev);
	return r < 0 ? -errno : 0;
}

static void make(fuse_req_t req, fuse_ino_t ino, const char *name, const struct making *making)
{
	struct view *view = view_of(req);
	struct node *parent = view_node(req, ino);
	struct caller caller = view_caller(req);
	struct fuse_entry_param entry;
	int r;

	if (parent->fd < 0) {
		(void)fuse_reply_err(req, ESTALE);
		return;
	}
	changing_begin(view);
	r = view_room(view->hold);
	if (r == 0)
		r = caller_enter(&caller);
	if (r == 0) {
		r = make_object(making, parent->fd, name);
		caller_leave();
	}
	if (r == 0)
		r = entry_find(view, parent, name, &entry);
	changing_end(view);
	reply_entry(req, r, &entry);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	const struct making making = { .mode = mode, .rdev = rdev };

	make(req, parent, name, &making);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	const struct making making = { .mode = mode | S_IFDIR };

	make(req, parent, name, &making);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	const struct making making = { .mode = S_IFLNK, .target = target };

	make(req, parent, name, &making);
}

/* The node has one name more; it may have been copied up for that, and have another number now. */
static int note_link(struct view *view, struct node *node, struct node *parent, const char *name,
		     struct fuse_entry_param *ret_entry)
{
	struct tree *tree = &view->tree;
	struct stat st;
	int r = view_stat(node, &st);

	if (r < 0)
		return r;
	pthread_mutex_lock(&tree->lock);
	if (st.st_ino != node->ino || st.st_dev != node->dev)
		node_rekey(tree, node, st.st_dev, st.st_ino);
	r = name_set(tree, parent, name, node);
	if (r == 0) {
		node->lookups++;
		fill_entry(view, node, &st, ret_entry);
	}
	pthread_mutex_unlock(&tree->lock);
	return r;
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t new_parent, const char *name)
{
	struct view *view = view_of(req);
	struct node *node = view_node(req, ino);
	struct node *parent = view_node(req, new_parent);
	struct fuse_entry_param entry;
	int r = 0;

	if (node->fd < 0 || parent->fd < 0) {
		(void)fuse_reply_err(req, ESTALE);
		return;
	}
	changing_begin(view);
	if (linkat(node->fd, "", parent->fd, name, AT_EMPTY_PATH) < 0)
		r = -errno;
	else
		r = note_link(view, node, parent, name, &entry);
	changing_end(view);
	reply_entry(req, r, &entry);
}

static void remove_name(fuse_req_t req, fuse_ino_t ino, const char *name, int flags)
{
	struct view *view = view_of(req);
	struct node *parent = view_node(req, ino);
	int error = 0;

	changing_begin(view);
	if (parent->fd < 0) {
		error = ESTALE;
	} else if (unlinkat(parent->fd, name, flags) < 0) {
		error = errno;
	} else {
		pthread_mutex_lock(&view->tree.lock);
		name_drop(&view->tree, parent, name);
		pthread_mutex_unlock(&view->tree.lock);
	}
	changing_end(view);
	if (!error && view->is_on_disk)
		kept_removed(view->hold, parent->fd, parent->dev, parent->ino);
	(void)fuse_reply_err(req, error);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	remove_name(req, parent, name, 0);
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	remove_name(req, parent, name, AT_REMOVEDIR);
}

static int note_rename(struct tree *tree, struct node *from, const char *old, struct node *to,
		       const char *new, unsigned int flags)
{
	int r;

	pthread_mutex_lock(&tree->lock);
	if (flags & RENAME_EXCHANGE)
		r = name_swap(tree, from, old, to, new);
	else
		r = name_move(tree, from, old, to, new);
	pthread_mutex_unlock(&tree->lock);
	return r;
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *old, fuse_ino_t new_parent,
		      const char *new, unsigned int flags)
{
	struct view *view = view_of(req);
	struct node *from = view_node(req, parent);
	struct node *to = view_node(req, new_parent);
	int r;

	changing_begin(view);
	if (from->fd < 0 || to->fd < 0)
		r = -ESTALE;
	else if (renameat2(from->fd, old, to->fd, new, flags) < 0)
		r = -errno;
	else
		r = note_rename(&view->tree, from, old, to, new, flags);
	changing_end(view);
	(void)fuse_reply_err(req, -r);
}

void ops_names(struct fuse_lowlevel_ops *ops)
{
	ops->lookup = op_lookup;
	ops->forget = op_forget;
	ops->forget_multi = op_forget_multi;
	ops->mknod = op_mknod;
	ops->mkdir = op_mkdir;
	ops->symlink = op_symlink;
	ops->link = op_link;
	ops->unlink = op_unlink;
	ops->rmdir = op_rmdir;
	ops->rename = op_rename;
}
