/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries that lead out of the directories of scripts: a link of rcN.d to /etc/rc.local or into /opt,
 * a script that is a link. A start through one would never come to a view of ours, so runners are
 * shown another name in the same directory in its place, behind which the file itself stands.
 */
#ifndef INITFS_OUTSIDE_H
#define INITFS_OUTSIDE_H

#include "rcfilter/load.h"

/* What the other name begins with; the entry's own name follows. */
#define OUTSIDE_PREFIX ".initfs@"

struct outside {
	struct outside *next;
	size_t place;
	char *name; /* of the entry */
	char *target; /* what its link said when we looked */
	int fd; /* O_PATH, of the file at its end; owned */
};

/*
 * Finds them all, before anything is mounted: later a look along such a path could lead through our
 * own views, and wait for us. Those in an rcN.d, and scripts that lie there, are added to the
 * catalog. 0 or -ENOMEM.
 */
int outside_load(struct scripts *scripts);

/* The entry of a place, if its link (NULL: never mind) is what it was; or NULL. */
const struct outside *outside_find(const struct scripts *scripts, size_t place, const char *name,
				   const char *target);

/* The entry's name in the other name, or the name itself. */
const char *outside_name(const char *name);

void outside_free(struct scripts *scripts);

#endif
