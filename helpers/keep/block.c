/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The blocks of a reserve. */
#include "config.h"

#include "keep/block.h"

#include <string.h>

static const char magic[16] = "initfs-reserve1";

_Static_assert(sizeof(struct block) == KEEP_BLOCK, "a block is what one write carries");

void block_make(struct block *block, const uint8_t *token, uint32_t index, uint32_t count)
{
	*block = (struct block){ .index = index, .count = count };
	memcpy(block->magic, magic, sizeof(magic));
	memcpy(block->token, token, KEEP_TOKEN);
}

bool block_is(const struct block *block, uint32_t index, uint32_t count)
{
	return memcmp(block->magic, magic, sizeof(magic)) == 0 && block->index == index &&
	       block->count == count;
}

bool block_is_with(const struct block *block, const struct block *other)
{
	return memcmp(block->token, other->token, KEEP_TOKEN) == 0;
}

uint32_t block_sum(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint32_t sum = ~0U;
	int bit;

	for (; size; size--) {
		sum ^= *bytes++;
		for (bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? 0xedb88320U : 0);
	}
	return ~sum;
}
