/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reserve: a file whose blocks are written directly on the device while its file system is
 * read-only. Nothing of the file system changes by that: the blocks are the file's before and after.
 * A block is only written where the device has, at that place, a block of this very reserve: also a
 * check that has moved the file, or removed it, leaves nothing else to be hit.
 */
#ifndef INITFS_KEEP_RESERVE_H
#define INITFS_KEEP_RESERVE_H

#include "keep/block.h"
#include "keep/pack.h"
#include "common/fault.h"

#include <stdbool.h>

#define RESERVE_PATH "var/lib/initfs/reserve"
/* 64 MiB: more than that is no log of a boot. */
#define RESERVE_BLOCKS_MAX 16384
#define RESERVE_BLOCKS_MIN 16

struct reserve {
	int device; /* -EBADF: none */
	uint32_t count;
	uint64_t *place; /* of each block on the device, in bytes; owned */
	struct block *first; /* aligned memory for one block, and the token in it; owned */
	struct block *block; /* the same, to work with; owned */
	uint64_t generation; /* of the newest half */
	unsigned int half; /* the newest */
	uint32_t sum; /* of what it holds */
	uint32_t length;
};

/*
 * Makes a reserve of size bytes as a file at path below dirfd, with every block on the disk. -EEXIST
 * where there is a file already. Returns 0 or -errno.
 */
int reserve_make(int dirfd, const char *path, uint64_t size, struct fault *fault);

/*
 * Opens the reserve at path below dirfd, a directory of a mount of its file system (not a view), and
 * looks for the newest half. -ENOENT: there is none. Returns 0 or -errno; reserve_close in any case.
 */
int reserve_open(struct reserve *reserve, int dirfd, const char *path, struct fault *fault);
void reserve_close(struct reserve *reserve);

/* How many bytes a half holds. */
size_t reserve_room(const struct reserve *reserve);

/* Reads what is kept; pack->length is 0 where nothing is. pack->data is allocated, owned by the caller. */
int reserve_load(struct reserve *reserve, struct pack *pack, struct fault *fault);

/* Puts pack into the older half. What is there already is not written again. Returns 0 or -errno. */
int reserve_save(struct reserve *reserve, const struct pack *pack, struct fault *fault);

/* Forgets what is kept, through the file of a file system that is writable by now. */
int reserve_clear(struct reserve *reserve, int dirfd, const char *path, struct fault *fault);

#endif
