/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two logs made one, in the order of their lines' times. A line without a time belongs to the line before
 * it. Within each of the two the order stays, whatever the times say; of equal times the disk's comes
 * first. Every byte of both is in the result once; only a line end is added where the one ends within a
 * line. Writes to the result only.
 */
#ifndef INITFS_MERGE_JOIN_H
#define INITFS_MERGE_JOIN_H

#include "merge/logtime.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More pieces than that are not worth a joined file. */
#define JOIN_RUNS_MAX 10000

/* Parts of a file. */
struct join_run {
	uint64_t at;
	uint64_t length;
};

struct join_runs {
	struct join_run *run; /* owned; in order */
	size_t count;
};

void join_runs_free(struct join_runs *runs);

struct join_file {
	int fd; /* a regular file that nobody changes meanwhile */
	struct logtime_base base;
	const struct join_runs *left_out; /* as if they were not there; or NULL */
};

/* Where the first line of the early file goes. */
struct join_point {
	uint64_t at; /* in the disk's file */
	uint64_t written;
	int64_t time; /* of the disk's lines up to there */
	int64_t first; /* of the early file's first line */
};

/* Does the file begin as a log does: with a time, and as text? An empty one may be one. 1, 0 or -errno. */
int join_is_log(const struct join_file *file);

/*
 * Writes what comes before the early file's first line to the empty file to: most of the work, as a
 * rule. 0 or -errno.
 */
int join_begin(const struct join_file *disk, const struct join_file *early, int to,
	       struct join_point *ret_point);

/*
 * Writes all that follows. The early file may have grown or be another one since; where it begins earlier
 * now, all is written anew. *ret_runs: what in the result is the early file's, the caller's to free.
 * 0, -E2BIG: too many pieces, or -errno.
 */
int join_finish(const struct join_file *disk, const struct join_file *early, int to,
		const struct join_point *point, struct join_runs *ret_runs);

#endif
