/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose changes are those of a target that was seen? Known by their times: see beside.h. */
#ifndef INITFS_MERGE_SINCE_H
#define INITFS_MERGE_SINCE_H

#include "common/fault.h"
#include "merge/list.h"

#include <sys/stat.h>

/*
 * The time from which on only somebody else can have changed an object there: that of the view. Where
 * an earlier attempt has published, *ret_until is the time before it, else it is 0.
 */
int since_times(const struct list_entry *entry, int run, struct timespec *ret_since,
		struct timespec *ret_until, struct fault *fault);

/* Before the first name is published: see since_times. */
int since_note_publish(const struct list_entry *entry, int run, struct fault *fault);

#endif
