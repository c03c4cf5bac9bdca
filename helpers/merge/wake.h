/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When is the disk ready? The root is writable, mount and file system both, and everything in fstab
 * that is at or above a protected directory is mounted; what is below one is waited for a while.
 */
#ifndef INITFS_MERGE_WAKE_H
#define INITFS_MERGE_WAKE_H

#include "common/fault.h"
#include "merge/list.h"

#include <stdbool.h>
#include <stddef.h>

enum wake {
	WAKE_NOT_YET, /* something that is required is missing */
	WAKE_SOON, /* only something that is wanted is missing */
	WAKE_READY,
};

/*
 * Pure. mountinfo and fstab are texts, taken apart in place; why (of size) gets the first thing
 * that is missing, or "".
 */
enum wake wake_decide(const struct list *list, char *mountinfo, char *fstab, char *why,
		      size_t size);

/* Reads both and decides. mountinfo is read from its descriptor, so that poll(2) waits for news. */
int wake_look(const struct list *list, int mountinfo, enum wake *ret_wake, char *why, size_t size,
	      struct fault *fault);

#endif
