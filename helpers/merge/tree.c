/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has to change, as a tree in memory. */
#include "config.h"

#include "merge/tree.h"
#include "merge/leaf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 256 /* doubled when there are as many entries */
#define GROUP_BUCKETS 4096 /* few inodes have several names */

static size_t hash_name(const struct change *parent, const char *name)
{
	size_t hash = (size_t)(uintptr_t)parent * 31;

	while (*name)
		hash = (hash ^ (unsigned char)*name++) * 1099511628211ULL;
	return hash ^ hash >> 29;
}

static size_t hash_ino(uint64_t ino)
{
	return (size_t)(ino * 11400714819323198485ULL >> 20);
}

struct change *change_new(const char *name)
{
	size_t size = strlen(name) + 1;
	struct change *change = calloc(1, sizeof(*change) + size);

	if (change)
		change->name = memcpy(change + 1, name, size);
	return change;
}

int tree_make(struct tree *tree)
{
	*tree = (struct tree){ .buckets = FIRST_BUCKETS, .group_buckets = GROUP_BUCKETS };
	tree->root = change_new("");
	tree->changes = calloc(tree->buckets, sizeof(struct change *));
	tree->groups = calloc(tree->group_buckets, sizeof(struct link_group *));
	if (!tree->root || !tree->changes || !tree->groups)
		return -ENOMEM;
	tree->root->kind = CHANGE_ENTER;
	tree->root->lower = true;
	return 0;
}

void tree_forget_dropped(struct change *parent)
{
	while (parent->dropped) {
		struct change *gone = parent->dropped;

		parent->dropped = gone->next;
		free(gone);
	}
}

static void free_leaves(struct change *change)
{
	if (change->leaves)
		free(change->leaves->data);
	free(change->leaves);
	change->leaves = NULL;
}

/* Recursion: as deep as the scan lets a tree be. */
static void free_below(struct change *change)
{
	while (change->children) {
		struct change *child = change->children;

		change->children = child->next;
		free_below(child);
		free(child);
	}
	tree_forget_dropped(change);
	free_leaves(change);
}

static void free_groups(struct tree *tree)
{
	size_t i;

	for (i = 0; tree->groups && i < tree->group_buckets; i++) {
		while (tree->groups[i]) {
			struct link_group *group = tree->groups[i];

			tree->groups[i] = group->in_bucket;
			free(group);
		}
	}
}

void tree_free(struct tree *tree)
{
	if (tree->root)
		free_below(tree->root);
	free_groups(tree);
	free(tree->root);
	free(tree->changes);
	free(tree->groups);
	*tree = (struct tree){ 0 };
}

struct change *tree_find(const struct tree *tree, const struct change *parent, const char *name)
{
	struct change *at = tree->changes[hash_name(parent, name) & (tree->buckets - 1)];

	while (at && (at->parent != parent || strcmp(at->name, name) != 0))
		at = at->in_bucket;
	return at;
}

static void bucket_insert(struct change **buckets, size_t count, struct change *change)
{
	struct change **bucket = &buckets[hash_name(change->parent, change->name) & (count - 1)];

	change->in_bucket = *bucket;
	*bucket = change;
}

/* Without memory for more buckets the chains grow: slower, not wrong. */
static void grow(struct tree *tree)
{
	struct change **buckets = calloc(tree->buckets * 2, sizeof(struct change *));
	size_t i;

	if (!buckets)
		return;
	for (i = 0; i < tree->buckets; i++) {
		while (tree->changes[i]) {
			struct change *change = tree->changes[i];

			tree->changes[i] = change->in_bucket;
			bucket_insert(buckets, tree->buckets * 2, change);
		}
	}
	free(tree->changes);
	tree->changes = buckets;
	tree->buckets *= 2;
}

struct change *tree_add(struct tree *tree, struct change *parent, const char *name)
{
	struct change *change = change_new(name);

	if (!change)
		return NULL;
	change->parent = parent;
	change->next = parent->children;
	if (change->next)
		change->next->previous = change;
	parent->children = change;
	if (tree->count++ >= tree->buckets)
		grow(tree);
	bucket_insert(tree->changes, tree->buckets, change);
	return change;
}

static void bucket_remove(struct tree *tree, struct change *change)
{
	struct change **at =
		&tree->changes[hash_name(change->parent, change->name) & (tree->buckets - 1)];

	while (*at != change)
		at = &(*at)->in_bucket;
	*at = change->in_bucket;
	tree->count--;
}

static void drop_below(struct tree *tree, struct change *change)
{
	while (change->children) {
		struct change *child = change->children;

		change->children = child->next;
		drop_below(tree, child);
		bucket_remove(tree, child);
		free(child);
	}
	tree_forget_dropped(change);
	free_leaves(change);
}

/*
 * A directory that is entered has no copy itself, but names below it may: those are at the staging
 * root, where they stay until the end, known to nobody. Rare (the directory went away between two
 * rounds), and the sweep of the staging directory takes them.
 */
void tree_drop(struct tree *tree, struct change *change)
{
	struct change *parent = change->parent;

	drop_below(tree, change);
	bucket_remove(tree, change);
	if (change->previous)
		change->previous->next = change->next;
	else
		parent->children = change->next;
	if (change->next)
		change->next->previous = change->previous;
	if (!change->staged) {
		free(change);
		return;
	}
	change->next = parent->dropped;
	parent->dropped = change;
	for (; parent; parent = parent->parent)
		parent->pending = true;
}

static int make_node(struct tree *tree, struct change *parent, const struct change *leaf)
{
	struct change *node = tree_add(tree, parent, leaf->name);

	if (!node)
		return -ENOMEM;
	node->kind = leaf->kind;
	node->id = leaf->id;
	node->stamp = leaf->stamp;
	node->hash = leaf->hash;
	node->is_hashed = true;
	node->certain = leaf->certain;
	node->wanted = leaf->wanted;
	node->pending = leaf->wanted;
	node->staged = leaf->staged;
	node->unread = leaf->unread;
	node->lower = leaf->lower;
	node->has_xattrs = leaf->has_xattrs;
	node->has_origin = leaf->has_origin;
	return 0;
}

static int unpack_below(struct tree *tree, struct change *parent)
{
	struct leaf_walk walk;
	struct change *child;
	int r = 0;

	for (child = parent->children; r == 0 && child; child = child->next)
		r = unpack_below(tree, child);
	for (child = leaf_first(&walk, parent); r == 0 && child; child = leaf_next(&walk))
		r = make_node(tree, parent, child);
	free_leaves(parent);
	return r;
}

int tree_unpack(struct tree *tree)
{
	return unpack_below(tree, tree->root);
}

int tree_note_dropped(struct change *parent, const struct change *leaf)
{
	struct change *gone = change_new(leaf->name);

	if (!gone)
		return -ENOMEM;
	gone->parent = parent;
	gone->kind = leaf->kind;
	gone->id = leaf->id;
	gone->staged = true;
	gone->next = parent->dropped;
	parent->dropped = gone;
	for (; parent; parent = parent->parent)
		parent->pending = true;
	return 0;
}

struct link_group *tree_group(struct tree *tree, uint64_t ino)
{
	struct link_group **bucket = &tree->groups[hash_ino(ino) & (tree->group_buckets - 1)];
	struct link_group *group;

	for (group = *bucket; group; group = group->in_bucket)
		if (group->stamp.ino == ino)
			return group;
	group = calloc(1, sizeof(*group));
	if (!group)
		return NULL;
	group->stamp.ino = ino;
	group->in_bucket = *bucket;
	*bucket = group;
	tree->group_count++;
	return group;
}

void tree_age_groups(struct tree *tree)
{
	struct link_group *group;
	size_t i;

	for (i = 0; i < tree->group_buckets; i++)
		for (group = tree->groups[i]; group; group = group->in_bucket)
			group->fresh = false;
}

/* As far up as it is marked already, so is all above: what is read clears the way down last. */
void tree_unread(struct change *change)
{
	for (; change && !change->unread; change = change->parent)
		change->unread = true;
}

void tree_want(struct change *change)
{
	change->wanted = true;
	for (; change; change = change->parent)
		change->pending = true;
}

void tree_big(struct change *change)
{
	for (; change && !change->is_big; change = change->parent)
		change->is_big = true;
}

void tree_late(struct change *change)
{
	for (change = change->parent; change && !change->late; change = change->parent)
		change->late = true;
}

/* Puts "/text" before what stands at *at; false when it does not fit. */
static bool put_before(char *path, char **at, const char *text)
{
	size_t length = strlen(text);

	if ((size_t)(*at - path) < length + 1)
		return false;
	*at -= length;
	memcpy(*at, text, length);
	*--*at = '/';
	return true;
}

const char *tree_path(const struct change *change, const char *name, char *path, size_t size)
{
	char *at = path + size - 1;

	*at = '\0';
	if (name && !put_before(path, &at, name))
		return at;
	for (; change && change->parent; change = change->parent)
		if (!put_before(path, &at, change->name))
			return at;
	return *at ? at + 1 : ".";
}

bool is_same_stamp(const struct stamp *a, const struct stamp *b)
{
	return a->ino == b->ino && a->size == b->size && a->mode == b->mode &&
	       a->ctime.tv_sec == b->ctime.tv_sec && a->ctime.tv_nsec == b->ctime.tv_nsec;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

uint64_t stamp_hash(const struct stamp *stamp)
{
	uint64_t hash = mix(stamp->mode, stamp->ino);

	hash = mix(hash, stamp->size);
	hash = mix(hash, (uint64_t)stamp->ctime.tv_sec);
	return mix(hash, (uint64_t)stamp->ctime.tv_nsec);
}

bool has_stamp(const struct change *change, const struct stamp *stamp)
{
	return change->is_hashed ? change->hash == stamp_hash(stamp)
				 : is_same_stamp(&change->stamp, stamp);
}

void set_stamp(struct change *change, const struct stamp *stamp)
{
	change->stamp = *stamp;
	if (change->is_hashed)
		change->hash = stamp_hash(stamp);
}
