/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One object, complete: data with its holes, owner, mode, attributes, times. */
#ifndef INITFS_MERGE_COPY_H
#define INITFS_MERGE_COPY_H

#include "merge/tree.h"
#include "merge/xattrs.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define COPY_BUFFER (256 * 1024)

struct bulk; /* bulk.h */

struct copier {
	struct xattr_buffers xattrs;
	char data[COPY_BUFFER];
	bool no_range; /* copy_file_range does not reach from the one file system to the other */
	bool is_within; /* the copy that goes on stays in one file system */
	bool is_direct; /* big pieces go past the page cache */
	struct bulk *bulk; /* the thread for big files, while there is one; bulk_end frees it */
	void *who; /* what is copied now: the caller's, who wants to name it after a failure */
	uint64_t bytes; /* of data that was copied */
	const char *step; /* of the last failure */
};

/* A regular file that was made, and is to be filled. */
struct copy_job {
	int from;
	int data; /* the file that has its data, or -EBADF: from itself */
	int to;
	struct stat st; /* from's */
	bool has_xattrs; /* else it was seen that from has none */
	void *who;
};

/* Where an object's parts are that it has not itself. */
struct copy_parts {
	int data_dir; /* the file that has its data, or -EBADF: its own */
	const char *data_name;
	int lower; /* the object that it was copied up from, or -EBADF */
	bool has_xattrs; /* else none is looked for */
	const struct change *expected; /* whose stamp it has to have, instead of an inode number */
};

/* The data, owner, mode, attributes and times of job->from. Returns 0, or -errno and step. */
int copy_contents(struct copier *copier, const struct copy_job *job);

/*
 * Copies the object name below from_dir, which has to be the inode ino of that type (S_IFMT), to
 * to_name below to_dir, where there is none. Not for directories. -ESTALE: another object has the
 * name by now. On other failures a half-made one may stand at to_name. A big file may be full only
 * after bulk_end.
 */
int copy_object(struct copier *copier, int from_dir, const char *name, uint64_t ino, mode_t type,
		const struct copy_parts *parts, int to_dir, const char *to_name);

/*
 * Gives a directory, or a file whose data stays, the attributes of another, all but its times;
 * fresh: it was made by us, empty, so that nothing has to be removed. What is right already is not
 * written. In between it is never open to more than it was or will be.
 */
int copy_directory(struct copier *copier, int from, int to, bool fresh);

/* The last step, after everything in it is in place. */
int copy_times(struct copier *copier, int from, int to);

#endif
