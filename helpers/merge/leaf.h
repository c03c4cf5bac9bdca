/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Most changes are a small file with one name, or a whiteout. A million of them have to fit into
 * some 50 MiB, so they are no nodes of the tree: a directory has them packed, one behind the other,
 * each with what a later round needs to know. To be worked with, one is unpacked for a moment.
 * Pure: knows no file.
 */
#ifndef INITFS_MERGE_LEAF_H
#define INITFS_MERGE_LEAF_H

#include "merge/tree.h"

#include <limits.h>

/* Where in the packed leaves of a directory a name is, while that is scanned. */
struct leaf_index {
	uint32_t *slots; /* owned */
	uint32_t size; /* a power of two; 0: none */
	uint32_t used;
};

/* An unpacked leaf: it is like a node, but nobody may keep a pointer to it. */
struct leaf_walk {
	struct change *parent;
	uint32_t at; /* of the next one */
	uint32_t open; /* of the one that is unpacked */
	bool is_open;
	struct change leaf;
	char name[NAME_MAX + 1];
};

/* The first and the next leaf of a directory, or NULL; what was changed in the one before is kept. */
struct change *leaf_first(struct leaf_walk *walk, struct change *parent);
struct change *leaf_next(struct leaf_walk *walk);

/* Makes the index of a directory's leaves. 0 or -ENOMEM; leaf_index_free is due in any case. */
int leaf_index_make(struct leaf_index *index, const struct change *parent);
void leaf_index_free(struct leaf_index *index);

/*
 * Unpacks the leaf of that name, or NULL; leaf_close packs it again. It is not a step of a walk:
 * leaf_next must not follow.
 */
struct change *leaf_open(struct leaf_walk *walk, const struct leaf_index *index,
			 struct change *parent, const char *name);
void leaf_close(struct leaf_walk *walk);

/* Adds a leaf, unpacked: of that kind and id, all else zero. NULL: no memory, or no room for it. */
struct change *leaf_add(struct leaf_walk *walk, struct leaf_index *index, struct change *parent,
			const char *name, enum change_kind kind, uint64_t id);

/* Before a scan of the directory: no leaf has been seen. After it: gives back what is not needed. */
void leaf_begin_scan(struct change *parent);
void leaf_end_scan(struct change *parent);

/* Drops the leaf that is open, as tree_drop does a node. 0 or -ENOMEM. */
int leaf_drop(struct leaf_walk *walk);

/* Drops all that were not seen. 0 or -ENOMEM. */
int leaf_drop_unseen(struct change *parent);

#endif
