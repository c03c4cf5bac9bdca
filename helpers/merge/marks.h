/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an overlay has noted on an object of its upper layer, and what that makes of a change. */
#ifndef INITFS_MERGE_MARKS_H
#define INITFS_MERGE_MARKS_H

#include "merge/handle.h"
#include "merge/tree.h"
#include "merge/xattrs.h"

#include <sys/stat.h>

struct marks {
	bool has_any; /* attributes, its own or the overlay's */
	bool is_opaque; /* the lower directory of that name does not show through */
	bool is_whiteout; /* an empty file that hides a name, Linux 6.7 */
	bool has_redirect; /* the lower object had another name */
	bool is_metacopy; /* the data is the lower object's */
	bool has_origin; /* made by copying up a lower object */
	unsigned int protect; /* FS_IMMUTABLE_FL, FS_APPEND_FL: set in the overlay */
};

/*
 * Reads them. 0, or -errno: -EOPNOTSUPP with *ret_why for one that is not known, -ENOENT where the
 * object went away.
 */
int marks_read(int dirfd, const char *name, struct xattr_buffers *buffers, struct marks *ret,
	       const char **ret_why);

/* Pure. Is that a redirect: "/a/b" or "b", of names that lead nowhere else? */
bool marks_is_redirect(const char *text);

/*
 * Reads where the lower object was: "/a/b" or "b". Points into the buffers. -EINVAL: it is no name
 * of the lower layer.
 */
int marks_redirect(int dirfd, const char *name, struct xattr_buffers *buffers, const char **ret);

/* Reads which object it was copied from; its size is 0 where the overlay noted none. */
int marks_origin(int dirfd, const char *name, struct xattr_buffers *buffers, struct handle *ret);

/* Pure. An object of the upper layer and what the lower layer has at its name. */
struct facts {
	const struct stat *upper;
	const struct marks *marks;
	bool is_new; /* the directory that it is in is a new one: there is no lower layer */
	bool has_lower;
	mode_t lower_mode;
	nlink_t lower_links;
};

struct form {
	enum change_kind kind;
	bool is_nothing; /* no change: hides nothing (any more) */
	bool is_moved; /* what it is made of has another name in the lower layer */
	const char *why_not; /* it cannot be carried */
};

bool marks_is_whiteout(const struct facts *facts);
struct form marks_form(const struct facts *facts);

#endif
