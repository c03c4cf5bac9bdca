/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: the blocks of a reserve. Each one says by itself whose it is, so that none is ever mistaken. */
#ifndef INITFS_KEEP_BLOCK_H
#define INITFS_KEEP_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEEP_BLOCK 4096
#define KEEP_PAYLOAD (KEEP_BLOCK - 64)
#define KEEP_TOKEN 16

/* As it stands on the disk, in the byte order of the machine: a reserve does not travel. */
struct block {
	char magic[16];
	uint8_t token[KEEP_TOKEN]; /* one for each reserve */
	uint32_t index; /* of this block in the file */
	uint32_t count; /* of all blocks */
	/* In the first block of each half only: what the half holds. */
	uint64_t generation; /* 0: nothing, ever */
	uint32_t length; /* of the stream; 0: nothing */
	uint32_t sum; /* block_sum of the stream */
	uint8_t unused[8];
	uint8_t payload[KEEP_PAYLOAD];
};

/* Makes an empty block. */
void block_make(struct block *block, const uint8_t *token, uint32_t index, uint32_t count);

/* Is it the block with that index of some reserve of count blocks? */
bool block_is(const struct block *block, uint32_t index, uint32_t count);

/* Is it one of the same reserve as other? */
bool block_is_with(const struct block *block, const struct block *other);

/* CRC-32 of data. */
uint32_t block_sum(const void *data, size_t size);

#endif
