/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The low-level operations, by theme. Each op_ replies exactly once, on every way out; the kernel
 * has checked the caller's permissions (default_permissions).
 */
#ifndef INITFS_HOLD_OPS_H
#define INITFS_HOLD_OPS_H

#include "hold/view.h"

/* Adds the operations of a theme to the table. */
void ops_names(struct fuse_lowlevel_ops *ops);
void ops_attributes(struct fuse_lowlevel_ops *ops);
void ops_xattrs(struct fuse_lowlevel_ops *ops);
void ops_data(struct fuse_lowlevel_ops *ops);
void ops_streams(struct fuse_lowlevel_ops *ops);
void ops_locks(struct fuse_lowlevel_ops *ops);

/*
 * Looks name up below parent and takes on the debt of one look-up. 0 or -errno. Needs tree->change
 * (for reading at least); entry_forget gives the debt back when the kernel does not take it.
 */
int entry_find(struct view *view, struct node *parent, const char *name,
	       struct fuse_entry_param *ret_entry);

/*
 * As entry_find, for an object that is open already: (parent, name) is what *fd (O_PATH) shows.
 * Takes *fd if it needs it.
 */
int entry_add(struct view *view, struct node *parent, const char *name, int *fd,
	      const struct stat *st, struct fuse_entry_param *ret_entry);

/* As entry_add, for an object that has no name. */
int entry_add_nameless(struct view *view, int *fd, const struct stat *st,
		       struct fuse_entry_param *ret_entry);
void entry_forget(struct view *view, const struct fuse_entry_param *entry);

/* An open file of node, which it holds; owns *fd from here on (not on failure). NULL without memory. */
struct file *file_new(struct view *view, struct node *node, int *fd, int flags);
void file_free(struct view *view, struct file *file);

#endif
