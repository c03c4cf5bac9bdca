/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended attributes: which of an upper layer's are the overlay's own, and carrying the others.
 * A descriptor may be O_PATH, of any type of object; /proc has to be mounted.
 */
#ifndef INITFS_MERGE_XATTRS_H
#define INITFS_MERGE_XATTRS_H

#include <stddef.h>

/* The overlay's own attributes; the second of overlays mounted with userxattr. */
#define XATTR_TRUSTED "trusted.overlay."
#define XATTR_USER "user.overlay."

/* What the kernel allows: XATTR_LIST_MAX and XATTR_SIZE_MAX, and a byte to end them. */
#define XATTRS_MAX (65536 + 1)

enum xattr_kind {
	XATTR_CARRY, /* a program's, or the system's: belongs to the object */
	XATTR_SKIP, /* the overlay's book-keeping, without meaning on the disk */
	XATTR_MARK, /* the overlay's, and says what the object means: marks.h */
	XATTR_UNKNOWN, /* the overlay's, of a later kernel */
};

/* Pure. name as it stands in the upper layer of an overlay with that prefix. */
enum xattr_kind xattr_kind(const char *prefix, const char *name);

/* Pure. What is behind the prefix. */
const char *xattr_mark(const char *prefix, const char *name);

/*
 * Pure. The name that the attribute has in the view, and so on the disk: since Linux 6.7 an overlay
 * escapes a program's own trusted.overlay.X as trusted.overlay.overlay.X. Writes into buffer.
 */
const char *xattr_carried_name(const char *prefix, const char *name, char *buffer, size_t size);

/* Memory that is needed for each object; the caller has one for all. */
struct xattr_buffers {
	const char *prefix; /* of the overlay's own attributes */
	char names[XATTRS_MAX];
	char other[XATTRS_MAX];
	char value[XATTRS_MAX];
	char old[XATTRS_MAX];
};

/* The names of an object below dirfd (not followed), as "a\0b\0"; their length or -errno. */
int xattrs_list_at(int dirfd, const char *name, char *names);

/* The value, ended by a zero that does not count; returns its length or -errno. */
int xattrs_get_at(int dirfd, const char *name, const char *attribute, char *value);

/* Reads the overlay's own attribute PREFIXmark into the buffers' value, likewise. */
int xattrs_get_mark(int dirfd, const char *name, const char *mark, struct xattr_buffers *buffers);

/* Gives a new object to all that from has and that is to be carried. Returns 0 or -errno. */
int xattrs_copy(int from, int to, struct xattr_buffers *buffers);

/*
 * Makes those of an existing directory equal to from's. What from's file system cannot hold at all
 * (user.* on a tmpfs before Linux 6.6) was lost at copy-up without anybody's wish, so it stays; so
 * do the lower layer's own trusted.overlay.*. Returns 0 or -errno.
 */
int xattrs_mirror(int from, int to, struct xattr_buffers *buffers);

/*
 * Gives an object those that the overlay keeps from programs: trusted.overlay.* that the lower
 * object has of its own, as a layer of another overlay. Returns 0 or -errno.
 */
int xattrs_copy_hidden(int from, int to, struct xattr_buffers *buffers);

#endif
