/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is there room? */
#include "config.h"

#include "merge/check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/statvfs.h>

/* The reserve: one part in 64, at most this much. */
#define RESERVE_PART 64
#define RESERVE_BYTES_MAX (64ULL << 20)
#define RESERVE_INODES_MAX 1024ULL
/* A name costs an entry in a directory and at most one block beyond the data (an xattr, a tail). */
#define BLOCKS_FOR_NAME 1

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

int check_room(const struct room *room, uint64_t names, uint64_t bytes)
{
	uint64_t reserve = least(room->blocks / RESERVE_PART, RESERVE_BYTES_MAX / room->block);
	uint64_t blocks = bytes / room->block + names * BLOCKS_FOR_NAME;

	/* Nothing to put costs nothing: deletions have to work on a full disk. */
	if (!names)
		return 0;
	if (room->free_blocks < reserve || room->free_blocks - reserve < blocks)
		return -ENOSPC;
	if (!room->inodes)
		return 0;
	reserve = least(room->inodes / RESERVE_PART, RESERVE_INODES_MAX);
	if (room->free_inodes < reserve || room->free_inodes - reserve < names)
		return -EDQUOT;
	return 0;
}

int check_writable(int target, const char *path, struct fault *fault)
{
	struct statvfs st;

	if (fstatvfs(target, &st) < 0)
		return fault_at(fault, -errno, "inspect the lower layer's file system", path);
	if (st.f_flag & ST_RDONLY)
		return fault_at(fault, -EROFS, "write to the lower layer", path);
	return 0;
}

int check_target(int target, uint64_t names, uint64_t bytes, struct fault *fault)
{
	struct statvfs st;
	struct room room;
	char detail[FAULT_DETAIL_MAX];
	int r;

	if (fstatvfs(target, &st) < 0)
		return fault_at(fault, -errno, "inspect the lower layer's file system", NULL);
	room = (struct room){ st.f_frsize, st.f_blocks, st.f_bavail, st.f_files, st.f_favail };
	r = check_room(&room, names, bytes);
	if (r == -ENOSPC) {
		(void)snprintf(detail, sizeof(detail),
			       "%" PRIu64 " names with %" PRIu64 " KiB, of %" PRIu64 " KiB free",
			       names, bytes >> 10, room.free_blocks * room.block >> 10);
		return fault_because(fault, r, "fit the upper layer into the lower one", NULL,
				     detail);
	}
	if (r == -EDQUOT) {
		(void)snprintf(detail, sizeof(detail),
			       "%" PRIu64 " names, of %" PRIu64 " inodes free", names,
			       room.free_inodes);
		return fault_because(fault, -ENOSPC, "fit the upper layer into the lower one", NULL,
				     detail);
	}
	return 0;
}
