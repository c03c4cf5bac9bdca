/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packed changes. */
#include "config.h"

#include "merge/leaf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ROOM_MIN 256
#define SLOTS_MIN 64

enum {
	LEAF_DEAD = 1 << 0,
	LEAF_SEEN = 1 << 1,
	LEAF_CERTAIN = 1 << 2,
	LEAF_WANTED = 1 << 3,
	LEAF_STAGED = 1 << 4,
	LEAF_UNREAD = 1 << 5,
	LEAF_LOWER = 1 << 6,
	LEAF_PUBLISHED = 1 << 7,
	LEAF_XATTRS = 1 << 8,
	LEAF_ORIGIN = 1 << 9,
	LEAF_INSIDE = 1 << 10,
	LEAF_DELETE = 1 << 11, /* neither: CHANGE_PLACE */
};

/* As it stands in memory, at any address. */
struct packed {
	uint64_t hash;
	uint32_t id;
	uint16_t flags;
	uint8_t length;
	char name[];
} __attribute__((packed));

static struct packed *packed_at(const struct leaves *leaves, uint32_t at)
{
	return (struct packed *)(leaves->data + at);
}

static uint32_t size_of(const struct packed *packed)
{
	return (uint32_t)sizeof(*packed) + packed->length;
}

static const struct {
	unsigned int flag;
	size_t offset; /* of the bool in struct change */
} bools[] = {
	{ LEAF_SEEN, offsetof(struct change, seen) },
	{ LEAF_CERTAIN, offsetof(struct change, certain) },
	{ LEAF_WANTED, offsetof(struct change, wanted) },
	{ LEAF_STAGED, offsetof(struct change, staged) },
	{ LEAF_UNREAD, offsetof(struct change, unread) },
	{ LEAF_LOWER, offsetof(struct change, lower) },
	{ LEAF_PUBLISHED, offsetof(struct change, published) },
	{ LEAF_XATTRS, offsetof(struct change, has_xattrs) },
	{ LEAF_ORIGIN, offsetof(struct change, has_origin) },
};

static void unpack(struct leaf_walk *walk, uint32_t at)
{
	const struct packed *packed = packed_at(walk->parent->leaves, at);
	struct change *change = &walk->leaf;
	size_t i;

	*change =
		(struct change){ .parent = walk->parent, .hash = packed->hash, .is_hashed = true };
	change->id = packed->id;
	change->kind = packed->flags & LEAF_INSIDE   ? CHANGE_INSIDE
		       : packed->flags & LEAF_DELETE ? CHANGE_DELETE
						     : CHANGE_PLACE;
	change->stamp.mode = packed->flags & LEAF_DELETE ? S_IFCHR : S_IFREG;
	change->pending = packed->flags & LEAF_WANTED;
	for (i = 0; i < sizeof(bools) / sizeof(bools[0]); i++)
		*(bool *)((char *)change + bools[i].offset) = packed->flags & bools[i].flag;
	memcpy(walk->name, packed->name, packed->length);
	walk->name[packed->length] = '\0';
	change->name = walk->name;
	walk->open = at;
	walk->is_open = true;
}

void leaf_close(struct leaf_walk *walk)
{
	const struct change *change = &walk->leaf;
	struct packed *packed;
	size_t i;

	if (!walk->is_open)
		return;
	walk->is_open = false;
	packed = packed_at(walk->parent->leaves, walk->open);
	packed->hash = change->hash;
	packed->flags &= LEAF_INSIDE | LEAF_DELETE;
	for (i = 0; i < sizeof(bools) / sizeof(bools[0]); i++)
		if (*(const bool *)((const char *)change + bools[i].offset))
			packed->flags |= (uint16_t)bools[i].flag;
}

struct change *leaf_next(struct leaf_walk *walk)
{
	const struct leaves *leaves = walk->parent->leaves;

	leaf_close(walk);
	while (leaves && walk->at < leaves->used) {
		uint32_t at = walk->at;
		const struct packed *packed = packed_at(leaves, at);

		walk->at += size_of(packed);
		if (packed->flags & LEAF_DEAD)
			continue;
		unpack(walk, at);
		return &walk->leaf;
	}
	return NULL;
}

struct change *leaf_first(struct leaf_walk *walk, struct change *parent)
{
	walk->parent = parent;
	walk->at = 0;
	walk->is_open = false;
	return leaf_next(walk);
}

static uint32_t hash_of(const char *name, size_t length)
{
	uint64_t hash = 14695981039346656037ULL;

	while (length--)
		hash = (hash ^ (unsigned char)*name++) * 1099511628211ULL;
	return (uint32_t)(hash ^ hash >> 32);
}

/* A slot holds where the leaf is, plus one. There is always a free slot. */
static void index_put(struct leaf_index *index, uint32_t hash, uint32_t at)
{
	uint32_t i = hash & (index->size - 1);

	while (index->slots[i])
		i = (i + 1) & (index->size - 1);
	index->slots[i] = at + 1;
	index->used++;
}

static int index_fill(struct leaf_index *index, const struct leaves *leaves, uint32_t size)
{
	uint32_t *slots = calloc(size, sizeof(*slots));
	uint32_t at;

	if (!slots)
		return -ENOMEM;
	free(index->slots);
	*index = (struct leaf_index){ slots, size, 0 };
	for (at = 0; leaves && at < leaves->used; at += size_of(packed_at(leaves, at))) {
		const struct packed *packed = packed_at(leaves, at);

		if (!(packed->flags & LEAF_DEAD))
			index_put(index, hash_of(packed->name, packed->length), at);
	}
	return 0;
}

int leaf_index_make(struct leaf_index *index, const struct change *parent)
{
	uint32_t size = SLOTS_MIN;

	*index = (struct leaf_index){ 0 };
	if (!parent->leaves || !parent->leaves->count)
		return 0; /* made when the first one comes */
	while (size / 2 <= parent->leaves->count)
		size *= 2;
	return index_fill(index, parent->leaves, size);
}

void leaf_index_free(struct leaf_index *index)
{
	free(index->slots);
	*index = (struct leaf_index){ 0 };
}

struct change *leaf_open(struct leaf_walk *walk, const struct leaf_index *index,
			 struct change *parent, const char *name)
{
	size_t length = strlen(name);
	uint32_t i;

	walk->is_open = false;
	if (!index->size)
		return NULL;
	for (i = hash_of(name, length) & (index->size - 1); index->slots[i];
	     i = (i + 1) & (index->size - 1)) {
		const struct packed *packed = packed_at(parent->leaves, index->slots[i] - 1);

		if ((packed->flags & LEAF_DEAD) || packed->length != length ||
		    memcmp(packed->name, name, length) != 0)
			continue;
		walk->parent = parent;
		unpack(walk, index->slots[i] - 1);
		return &walk->leaf;
	}
	return NULL;
}

/* Room for one more. 0 or -ENOMEM. */
static int make_room(struct change *parent, uint32_t size)
{
	struct leaves *leaves = parent->leaves;
	uint64_t room;
	char *data;

	if (!leaves) {
		leaves = calloc(1, sizeof(*leaves));
		if (!leaves)
			return -ENOMEM;
		parent->leaves = leaves;
	}
	if (leaves->room - leaves->used >= size)
		return 0;
	room = (uint64_t)leaves->room + leaves->room / 4 + ROOM_MIN + size;
	if (room > UINT32_MAX / 2)
		return -ENOMEM;
	data = realloc(leaves->data, room);
	if (!data)
		return -ENOMEM;
	leaves->data = data;
	leaves->room = (uint32_t)room;
	return 0;
}

struct change *leaf_add(struct leaf_walk *walk, struct leaf_index *index, struct change *parent,
			const char *name, enum change_kind kind, uint64_t id)
{
	size_t length = strlen(name);
	struct packed *packed;
	uint32_t at;

	if (id > UINT32_MAX || length > UINT8_MAX ||
	    make_room(parent, (uint32_t)(sizeof(*packed) + length)) < 0)
		return NULL;
	if (!index->size || index->used + 1 > index->size / 2)
		if (index_fill(index, parent->leaves, index->size ? index->size * 2 : SLOTS_MIN) <
		    0)
			return NULL;
	at = parent->leaves->used;
	packed = packed_at(parent->leaves, at);
	packed->hash = 0;
	packed->id = (uint32_t)id;
	packed->flags = kind == CHANGE_INSIDE	? LEAF_INSIDE
			: kind == CHANGE_DELETE ? LEAF_DELETE
						: 0;
	packed->length = (uint8_t)length;
	memcpy(packed->name, name, length);
	parent->leaves->used += size_of(packed);
	parent->leaves->count++;
	index_put(index, hash_of(name, length), at);
	walk->parent = parent;
	unpack(walk, at);
	return &walk->leaf;
}

void leaf_begin_scan(struct change *parent)
{
	struct leaves *leaves = parent->leaves;
	uint32_t at;

	for (at = 0; leaves && at < leaves->used; at += size_of(packed_at(leaves, at)))
		packed_at(leaves, at)->flags &= (uint16_t)~LEAF_SEEN;
}

void leaf_end_scan(struct change *parent)
{
	struct leaves *leaves = parent->leaves;
	char *data;

	if (!leaves || leaves->used == leaves->room || !leaves->used)
		return;
	data = realloc(leaves->data, leaves->used);
	if (!data)
		return; /* it stays larger than it needs to be */
	leaves->data = data;
	leaves->room = leaves->used;
}

int leaf_drop(struct leaf_walk *walk)
{
	const struct change *change = &walk->leaf;
	struct change *parent = walk->parent;

	if (change->staged && tree_note_dropped(parent, change) < 0)
		return -ENOMEM;
	packed_at(parent->leaves, walk->open)->flags |= LEAF_DEAD;
	parent->leaves->count--;
	walk->is_open = false;
	return 0;
}

int leaf_drop_unseen(struct change *parent)
{
	struct leaf_walk walk;
	const struct change *leaf;

	for (leaf = leaf_first(&walk, parent); leaf; leaf = leaf_next(&walk))
		if (!leaf->seen && leaf_drop(&walk) < 0)
			return -ENOMEM;
	return 0;
}
