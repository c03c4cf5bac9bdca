/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One start: who asks, what is decided. Knows nothing of FUSE: ops-files.c asks here and answers
 * there.
 */
#ifndef INITFS_START_H
#define INITFS_START_H

#include "rcfilter/starts.h"

/* An open(2) as the kernel reports it. */
struct opening {
	pid_t pid;
	const char *name; /* of the file */
	char level; /* of its directory, where that is an rcN.d */
	bool is_exec; /* to be executed (Linux hands FMODE_EXEC down) */
	bool is_plain; /* for reading, without O_DIRECT */
};

enum answer {
	ANSWER_FILE, /* the file itself */
	ANSWER_TEXT, /* *ret_text in its place */
	ANSWER_HOLD, /* ask again at *ret_until, or when something changed */
};

/*
 * Decides an open. On ANSWER_TEXT *ret_text is the caller's. *ret_watched: the process is a script
 * of ours, so its FLUSH is wanted.
 */
enum answer starts_open(struct starts *starts, const struct opening *opening, char **ret_text,
			uint64_t *ret_until, bool *ret_watched);

/* A held open was given up by its process (a signal). */
void starts_abandoned(struct starts *starts, const struct opening *opening);

#endif
