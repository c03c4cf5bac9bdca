/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operations of initfs-hold work on: the process, its views, their open files. */
#ifndef INITFS_HOLD_VIEW_H
#define INITFS_HOLD_VIEW_H

#define FUSE_USE_VERSION 312

#include "hold/allowance.h"

#include "passthrough/caller.h"
#include "passthrough/gate.h"
#include "passthrough/node.h"

#include <fcntl.h>
#include <fuse3/fuse_lowlevel.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lock_waiter;

/* All locks of all views: one mutex, because a waiting lock is woken by another one's release. */
struct lock_table {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct lock_waiter *waiters;
	bool has_news; /* something was unlocked: try the waiters again */
};

/* Which threads have asked, by their numbers, and when. */
#define WALK_TABLE 8192
struct walk_table {
	struct walk_note {
		atomic_uint tid; /* the last of those with the same remainder */
		atomic_uint when; /* in seconds */
	} notes[WALK_TABLE];
};

struct held;
struct hold;
struct seat;
struct kept;
struct parts;

/* Parts of views that are on the disk, which stay as long as sockets and FIFOs in them are used. */
struct kept_list {
	pthread_mutex_t lock;
	struct kept *first;
};

/* What the object of that number is on the disk: see instead.h. */
struct instead {
	struct instead *next;
	ino_t ino;
	int fd; /* O_PATH, owned */
};

/* One protected directory. */
struct view {
	struct hold *hold;
	unsigned int number;
	const char *path; /* as programs see it */
	uint64_t mount_id;
	bool is_inner; /* mounted in another view, which does not answer while the gate is closed */
	int place; /* then the root of its mount (O_PATH), owned; else, and while it is open, -EBADF */
	struct fuse_session *session; /* NULL where this process does not serve it */
	uint64_t init; /* the number of the kernel's INIT until it is answered, else 0 */
	bool takes_privileges; /* see privileges.h; set before any request but INIT */
	struct tree tree;
	struct seat *seats; /* what is to be switched; NULL while nothing is prepared; owned */
	size_t seats_count;
	struct instead *instead; /* owned; changed only while the gate is closed */
	bool is_on_disk; /* changed only while the gate is closed */
	unsigned int workers; /* threads that serve it; guarded by hold->gate.lock */
	atomic_bool is_pruning;
};

struct hold {
	struct view *views;
	size_t count;
	struct gate gate; /* every request passes it */
	struct held *held; /* came while it was closed; guarded by gate.lock; owned */
	struct held **held_end;
	pthread_cond_t held_came;
	struct walk_table walks;
	struct lock_table locks;
	struct kept_list kept;
	struct parts *parts; /* the guard's, too */
	struct allowance streams; /* what directory streams hold */
	int proc; /* /proc/self/fd: objects are reopened through it; owned */
	int run; /* /run/initfs; owned */
	int timeline; /* owned */
	int wake; /* an eventfd: a view has lost its last worker, or has too many nodes; owned */
	size_t crowd; /* more nodes than this in a view are too many */
	int descriptors; /* what programs have open takes numbers below this; the rest is ours */
	atomic_bool is_wary; /* a switch is near: what the kernel is told now must not be kept */
	pid_t guard;
};

/* A file that somebody has open. Its node is held. */
struct file {
	struct file *next; /* of the same node; guarded by the tree's lock */
	struct node *node;
	int fd; /* owned */
	int next_fd; /* its seat on the disk, owned; else -EBADF */
	int flags; /* as the backing file was opened */
	int flock; /* LOCK_SH, LOCK_EX, or 0 */
};

static inline struct view *view_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static inline struct node *view_node(fuse_req_t req, fuse_ino_t ino)
{
	return tree_node(&view_of(req)->tree, ino);
}

static inline struct file *view_file(const struct fuse_file_info *fi)
{
	return (struct file *)(uintptr_t)fi->fh;
}

static inline struct caller view_caller(fuse_req_t req)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);

	return (struct caller){ ctx->uid, ctx->gid, ctx->pid, ctx->umask };
}

/*
 * Overlayfs without an index breaks groups of hard links of the lower layer: each name is an inode
 * of its own although all show the same number, until one is copied up and gets another. Numbers of
 * a lower layer have the topmost bit (xino=on, two file systems), so with several links they do not
 * say which object they mean: only the name does.
 */
bool is_number_ambiguous(const struct stat *st);

/* How long the kernel may keep a name, or the attributes st, in seconds. */
double view_entry_time(const struct view *view);
double view_attr_time(const struct view *view, const struct stat *st);

/*
 * Opens the object behind node again with flags (those that make no sense for an object that
 * exists are taken out). The caller owns the descriptor. -ESTALE where it has no seat.
 */
int view_reopen(const struct hold *hold, int fd, int flags);

/*
 * As view_reopen, on the disk, for a program that has the file open: it may write although chattr +i
 * or +a has come since, so such a flag is off for the moment in which the file is opened. (Power that
 * goes in it leaves the file without.)
 */
int view_reopen_protected(const struct hold *hold, int fd, int flags);

/*
 * Before something is made: will it get the descriptors that it needs? Afterwards it would be there,
 * and its maker be told that it is not. 0 or -errno.
 */
int view_room(const struct hold *hold);

/* fstat of an O_PATH descriptor; a node without a seat answers what it was. 0 or -errno. */
int view_stat(const struct node *node, struct stat *ret_st);

/*
 * What the kernel is told as the number of the object: the disk's, once it is there. But it looks
 * for who is bound to a socket under the number that the socket had when it was bound.
 */
static inline void view_show_number(const struct node *node, struct stat *st)
{
	if (S_ISSOCK(node->type))
		st->st_ino = node->first_ino;
}

/* Wakes the main thread. */
void view_wake(const struct hold *hold);

/* The text by which path calls reach the object: relative to /proc/self/fd, where workers are. */
#define VIEW_LINK_SIZE 16
const char *view_link(const struct node *node, char link[static VIEW_LINK_SIZE]);

#endif
