/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is there room? Asked while nothing is touched. What the objects are was asked by the scan. */
#ifndef INITFS_MERGE_CHECK_H
#define INITFS_MERGE_CHECK_H

#include "common/fault.h"

#include <stdint.h>

/* What a file system has, as statvfs(3) tells it, and what is to be put there. */
struct room {
	uint64_t block;
	uint64_t blocks;
	uint64_t free_blocks;
	uint64_t inodes; /* 0: it makes them as needed (btrfs) */
	uint64_t free_inodes;
};

/*
 * Pure. 0, -ENOSPC (data) or -EDQUOT (inodes): names objects with bytes of data have to fit with a
 * reserve, because a system whose disk was filled to the last block by us would not boot again.
 */
int check_room(const struct room *room, uint64_t names, uint64_t bytes);

/* Asks the target: -EROFS, -ENOSPC or -EDQUOT with the fault, or 0. */
int check_target(int target, uint64_t names, uint64_t bytes, struct fault *fault);

/* The directory is on a file system that is mounted for writing: 0, or -EROFS with the fault. */
int check_writable(int target, const char *path, struct fault *fault);

#endif
