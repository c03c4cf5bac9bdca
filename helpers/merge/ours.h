/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which objects of a target the merge has put there, in this boot. Where the lower layer could not be
 * seen, a name that is on the disk is somebody else's and must stay; but what an attempt before this one
 * has published is ours. Known by inode number: nobody else makes anything there before the switch.
 * Lines of text, kept in RAM beside the layer, which they are as old as:
 *
 *	NUMBER			an object
 *	NUMBER AT+LENGTH…	a joined log, and which parts of it are the early one's
 */
#ifndef INITFS_MERGE_OURS_H
#define INITFS_MERGE_OURS_H

#include "merge/join.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct our_object {
	uint64_t ino;
	bool is_joined;
	struct join_runs runs; /* owned */
};

struct ours {
	struct our_object *list; /* owned */
	size_t count;
};

/* Pure. Reads lines; text is cut up. 0, -EINVAL or -ENOMEM; ours_free is due in any case. */
int ours_parse(struct ours *ours, char *text);
void ours_free(struct ours *ours);

/* The last line about an object of that number, or NULL. */
const struct our_object *ours_find(const struct ours *ours, uint64_t ino);

/* Reads name below dir; one that is not there is empty. 0 or -errno; ours_free is due in any case. */
int ours_read(struct ours *ours, int dir, const char *name);

/* Adds a line. runs: NULL for an object that is not a joined log. 0 or -errno. */
int ours_write(FILE *file, uint64_t ino, const struct join_runs *runs);

#endif
