/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory of start scripts as it is shown: everything in it passes through to the real one,
 * except that opens are decided by start.h and that runners see the late slot.
 */
#ifndef INITFS_VIEW_H
#define INITFS_VIEW_H

#include "rcfilter/start.h"

#define FUSE_USE_VERSION 34
#include <fuse_lowlevel.h>

#define NODE_BUCKETS 256

/* What the kernel has looked up and not forgotten: one name in one directory. */
struct node {
	struct node *next;
	struct node *parent; /* NULL: the root, or gone */
	char *name; /* owned */
	dev_t dev;
	ino_t ino;
	int fd; /* O_PATH, owned; -EBADF: it is made up (the late slot) */
	int reading; /* for all who only read it, owned; -EBADF: nobody has yet */
	bool is_directory;
	uint64_t lookups; /* the kernel's debt */
};

struct server;

struct view {
	struct server *server;
	size_t number; /* of its place */
	const struct place *place;
	struct fuse_session *session;
	struct node root; /* its fd is the place's and not owned */
	struct node *bucket[NODE_BUCKETS];
};

/* An open that waits for its answer. */
struct held {
	struct held *next;
	fuse_req_t request;
	struct fuse_file_info file;
	struct node *node; /* cannot be forgotten while an open of it is under way */
	struct view *view;
	struct opening opening;
	bool is_interrupted; /* a signal came for it: the kernel waits for our word */
	uint64_t until;
	struct unanswered *note; /* on the board; NULL: no room there */
};

/* What views share, and what the loop needs from them. */
struct server {
	struct starts starts;
	int fds; /* /proc/self/fd, for opening O_PATH descriptors again */
	struct held *held;
	void (*detach)(struct server *server); /* takes all views away, at once; see serve.c */
	void *owner; /* of detach */
};

/*
 * Makes a session for place number `number` on the FUSE device, which is taken over in any case.
 * 0 or -errno.
 */
int view_start(struct view *view, struct server *server, size_t number, int device);

/* Ends the session, frees its nodes. */
void view_stop(struct view *view);

/* Asks again for each held open whose time has come or whose facts may have changed. */
void views_retry(struct server *server);

/* When the next held open wants to be asked for again; 0: nobody is held. */
uint64_t views_next(const struct server *server);

#endif
