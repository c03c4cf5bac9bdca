/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the operations on directories of start scripts share. Every operation replies exactly once;
 * only opens may be left in server->held.
 */
#ifndef INITFS_RCFILTER_OPS_H
#define INITFS_RCFILTER_OPS_H

#include "rcfilter/view.h"

#include "passthrough/caller.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>

/* What is shown under a name that no real object has: the late slot, or a runlevel's link to it. */
enum made_up { MADE_UP_NOT, MADE_UP_SCRIPT, MADE_UP_LINK };

/* Runs the call that makes or removes a name as the program that asked for it. */
#define AS_CALLER(request, call)                                                             \
	__extension__({                                                                      \
		const struct fuse_ctx *context_ = fuse_req_ctx(request);                     \
		const struct caller caller_ = { context_->uid, context_->gid, context_->pid, \
						context_->umask };                           \
		int result_ = caller_enter(&caller_);                                        \
		if (result_ == 0) {                                                          \
			result_ = (int)(call);                                               \
			if (result_ < 0)                                                     \
				result_ = -errno;                                            \
			caller_leave();                                                      \
		}                                                                            \
		result_;                                                                     \
	})

/* Adds the operations of a theme to the table. */
void script_ops_names(struct fuse_lowlevel_ops *ops);
void script_ops_attributes(struct fuse_lowlevel_ops *ops);
void script_ops_files(struct fuse_lowlevel_ops *ops);
void script_ops_directories(struct fuse_lowlevel_ops *ops);

static inline struct view *view_of(fuse_req_t request)
{
	return fuse_req_userdata(request);
}

static inline struct server *server_of(fuse_req_t request)
{
	return view_of(request)->server;
}

static inline struct notes *server_notes(fuse_req_t request)
{
	return board_notes(server_of(request)->starts.board);
}

/* 0 for anybody but root: by what a user calls his programs he is no runner, nor started by one. */
static inline pid_t pid_of(fuse_req_t request)
{
	return fuse_req_ctx(request)->uid == 0 ? fuse_req_ctx(request)->pid : 0;
}

static inline void reply(fuse_req_t request, int r)
{
	(void)fuse_reply_err(request, r < 0 ? -r : 0); /* fails only when nobody waits any more */
}

static inline struct node *node_of(struct view *view, fuse_ino_t number)
{
	return number == FUSE_ROOT_ID ? &view->root : (struct node *)(uintptr_t)number;
}

static inline fuse_ino_t number_of(const struct view *view, const struct node *node)
{
	return node == &view->root ? FUSE_ROOT_ID : (fuse_ino_t)(uintptr_t)node;
}

/* The node of that object under that name, with one more debt; takes fd over. NULL: no memory. */
struct node *script_node_get(struct view *view, struct node *parent, const char *name, int fd,
			     const struct stat *st);

/* Gives count look-ups back; the node goes with the last one. */
void script_node_forget(struct view *view, struct node *node, uint64_t count);
void script_node_free(struct node *node);

/* fstat of the real object, or what is made up. 0 or -errno. */
int script_node_stat(const struct node *node, struct stat *ret_st);

/* The runlevel of the directory that node is; 0: of none. */
char script_level(const struct view *view, const struct node *node);

/* What name is in the directory parent where nothing real has that name. */
enum made_up made_up(const struct view *view, const struct node *parent, const char *name);
enum made_up made_up_of(const struct node *node);
/* Where the late slot's link leads. */
const char *made_up_target(const struct view *view);
void made_up_stat(enum made_up what, struct stat *ret_st);

/* Looks name up below parent and takes on the debt of one look-up. 0 or -errno. */
int script_find(struct view *view, struct node *parent, const char *name,
		struct fuse_entry_param *ret_entry);

/* How long the kernel may keep a name and its attributes, in seconds. */
double script_memory(const struct stat *st);

/* The node as a name relative to /proc/self/fd: O_PATH descriptors are used through it. */
const char *script_fd_name(const struct node *node, char name[16]);

#endif
