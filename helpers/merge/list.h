/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /run/initfs/layers, and /etc/fstab as far as the merge waits for it. Pure. */
#ifndef INITFS_MERGE_LIST_H
#define INITFS_MERGE_LIST_H

#include "common/fstab.h"

#include <stddef.h>

/* Protected directories. A list that is longer is not one that initfs-overlay wrote. */
#define LIST_MAX 64
#define LIST_TEXT_MAX (LIST_MAX * 8192)

struct list_entry {
	unsigned int number;
	const char *directory; /* "/var" */
	bool is_own; /* it has a file system of its own; see tuck.h */
	const struct list_entry *outer; /* whose view it is in; NULL: in none */
	bool is_unseen; /* which could not be looked at before: see apart.h */
	bool is_over; /* and of which fstab says nothing: see adopt.h */
};

struct list {
	char *text; /* owned; the entries point into it */
	struct list_entry entries[LIST_MAX];
	size_t count;
};

/* Takes "N<TAB>DIRECTORY" lines apart; text is owned by the list from here on. 0 or -EINVAL. */
int list_parse(struct list *list, char *text);
void list_free(struct list *list);

/* What a boot has to have mounted before RAM may flow to the disk. */
enum list_need {
	NEED_NOT, /* swap, noauto, or somewhere else */
	NEED_WANTED, /* below a protected directory, and init mounts it: waited for, but not for ever */
	NEED_REQUIRED, /* the root, or at or above a protected directory */
};

/* How much is the mount of that line of fstab needed? */
enum list_need list_need(const struct list *list, const struct fstab_line *line);

#endif
