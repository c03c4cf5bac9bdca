/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where init has mounted a file system on top of a view, programs may have reached it for the moment
 * until it was put beneath. What they changed there and publishing replaces or deletes is not thrown away:
 * it stays beside, under another name.
 */
#ifndef INITFS_MERGE_BESIDE_H
#define INITFS_MERGE_BESIDE_H

#include <stdbool.h>
#include <sys/stat.h>

#define BESIDE_SUFFIX ".initfs-disk"

struct beside {
	struct timespec since; /* what has changed from here on was changed by somebody else */
	struct timespec until; /* or may have been published by us, from here on; 0: not yet */
	int timeline; /* not owned */
};

/* Pure: is that a time at which only somebody else can have changed the object? */
bool beside_is_newer(const struct beside *beside, const struct timespec *changed);

/*
 * Before an object is replaced or deleted, which changes its time: is it, or anything in it, newer? 1,
 * 0 (also where there is no such object, and where beside is NULL), or -errno.
 */
int beside_look(const struct beside *beside, int at, const char *name);

/*
 * The object name in staging has just been taken from the directory lower, where it was called was: it
 * gets a name in lower again, which the timeline is told. Returns 0 or -errno.
 */
int beside_put(const struct beside *beside, int staging, const char *name, int lower,
	       const char *was);

#endif
