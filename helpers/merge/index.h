/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With index=on an overlay keeps the names of a file together: a change is seen under all of them,
 * also under those that the upper layer does not have. What belongs together is noted in the index,
 * a directory in the overlay's workdir, which has the changed file under its origin's handle.
 */
#ifndef INITFS_MERGE_INDEX_H
#define INITFS_MERGE_INDEX_H

#include "common/fault.h"
#include "merge/marks.h"

struct layer;
struct scan;
struct stage;
struct publish;

/* A name in the lower layer that shows a file of the index. */
struct alias {
	struct alias *next;
	struct indexed *of;
	uint64_t id; /* of its staged link */
	int dir; /* owned */
	bool has_times; /* of the directory, which nobody else will set */
	struct timespec times[2];
	unsigned int protect; /* flags of the directory, likewise */
	char name[];
};

/* A file of the index. */
struct indexed {
	struct indexed *next;
	struct stat st;
	struct marks marks;
	uint64_t lower_ino; /* 0: it is nowhere any more */
	struct change *change; /* for staging it, once it was needed; owned */
	char name[];
};

struct index {
	bool is_known;
	int dir; /* owned, when it is known */
	struct indexed *files;
	struct alias *aliases;
};

void index_free(struct index *index);

/*
 * Reads the index, and walks through the lower layer for the names that belong to it and that the
 * upper layer, already scanned, says nothing of. 0 or -errno with the fault.
 */
int index_scan(struct scan *scan, struct layer *layer, struct fault *fault);

/* Stages a link for each of them, after all others. */
int index_stage(struct stage *stage, struct layer *layer, struct fault *fault);

/* Publishes them, after all others and before deletions. */
int index_publish(struct publish *publish, struct layer *layer, struct fault *fault);

/* The very last: sets the flags that nobody else sets, because no other name is left. */
int index_protect(const struct layer *layer, struct fault *fault);

#endif
