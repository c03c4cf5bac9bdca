/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the scan has to know of one name or one directory, and what it refuses there. Reads only. */
#ifndef INITFS_MERGE_LOOK_H
#define INITFS_MERGE_LOOK_H

#include "merge/note.h"
#include "merge/scan.h"

/* One directory of the walk. */
struct scan_level {
	const struct scan_level *up;
	struct change *change;
	int upper;
	int lower; /* -EBADF in a new directory */
	unsigned int depth;
};

/* Puts the path of name (NULL: the directory itself) into the fault. Returns error. */
int look_refuse(const struct scan_level *at, const char *name, int error, const char *step,
		const char *why, struct fault *fault);

/* The marks of the upper layer's object; in a live layer it may have gone. 0 or -errno. */
int look_marks(struct scan *scan, const struct scan_level *at, const char *name,
	       struct marks *marks, struct fault *fault);

/* What the lower layer has at a name: 0, 1, or -errno where that cannot be replaced or entered. */
int look_below(const struct scan_level *at, const char *name, struct statx *ret_lower,
	       struct fault *fault);

/* All of seen but its st, which the caller has filled in. 0 or -errno. */
int look_at(struct scan *scan, const struct scan_level *at, const char *name, struct seen *seen,
	    struct fault *fault);

/* Can names be renamed into the lower directory? 0 or -errno. */
int look_enterable(const struct scan *scan, const struct scan_level *at, struct fault *fault);

/* Can what is to be placed in the lower directory be given the project that it hands on? */
int look_projects(const struct scan_level *at, struct fault *fault);

#endif
