/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: the text of /proc/self/mountinfo to the devices in it, and which of them are ours. */
#ifndef INITFS_CLI_MOUNTS_H
#define INITFS_CLI_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>

struct mount {
	unsigned int major;
	unsigned int minor;
	bool is_ours; /* the view, a layer, or the RAM below them */
	const char *point;
};

struct mounts {
	size_t count;
	struct mount *mount;
};

/* Takes text apart in place; point is in text. mounts_free it. Returns 0 or -ENOMEM. */
int mounts_parse(struct mounts *ret_mounts, char *text);

/* The first mount of that device, or NULL. */
const struct mount *mounts_find(const struct mounts *mounts, unsigned int major,
				unsigned int minor);

void mounts_free(struct mounts *mounts);

#endif
