/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is mounted over a protected directory: does a layer still wait for its merge? Pure. */
#ifndef INITFS_MERGE_VIEWS_H
#define INITFS_MERGE_VIEWS_H

#include "common/mountinfo.h"

#include <sys/types.h>

enum view_state {
	VIEW_NONE, /* nothing of ours: paths lead to the disk */
	VIEW_LIVE, /* initfs-hold's */
	VIEW_BARE, /* the overlay itself, which its guard puts there when it gives up */
};

/*
 * Looks through mountinfo (lines, not changed) for what is on top at directory. *ret_id is the id
 * of that mount. Returns 0 or -ENOMEM.
 */
int views_look(const char *mountinfo, const char *directory, enum view_state *ret_state,
	       uint64_t *ret_id);

/* The id of the view at directory, wherever it lies in the pile there. 0: none; -ENOMEM. */
int views_find(const char *mountinfo, const char *directory, uint64_t *ret_id);

/*
 * 1 if the view at directory is mounted on a mount of that device which is mounted at directory
 * itself, and nothing is on top of it; 0 if not; -ENOMEM.
 */
int views_is_beneath(const char *mountinfo, const char *directory, dev_t device);

/* Calls found for each mount; stops at its first error, which it returns. -ENOMEM. */
typedef int views_fn(void *data, const struct mountinfo *mount);
int views_each(const char *mountinfo, views_fn *found, void *data);

/* The same for those that are directly on the mount parent. */
int views_each_child(const char *mountinfo, uint64_t parent, views_fn *found, void *data);

#endif
