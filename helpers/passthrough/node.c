/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nodes of a pass-through and their names. */
#include "config.h"

#include "passthrough/node.h"
#include "common/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOT_NUMBER 1 /* FUSE_ROOT_ID; this file does not need libfuse for more than that */
#define FIRST_BUCKETS 1024

static size_t hash_key(const struct tree *tree, dev_t dev, ino_t ino)
{
	uint64_t h = ((uint64_t)ino ^ ((uint64_t)dev << 40)) * 0x9e3779b97f4a7c15U;

	return (size_t)(h >> 20) & (tree->buckets - 1);
}

static size_t hash_name(const struct tree *tree, const struct node *parent, const char *text)
{
	uint64_t h = (uint64_t)(uintptr_t)parent * 0x9e3779b97f4a7c15U;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3U; /* FNV-1a */
	return (size_t)(h >> 7) & (tree->buckets - 1);
}

/* None of these can fail in glibc. */
static void init_locks(struct tree *tree)
{
	pthread_rwlockattr_t fair;

	(void)pthread_mutex_init(&tree->lock, NULL);
	(void)pthread_rwlockattr_init(&fair);
	/* Else those who list a directory over and over keep out who wants to change a name. */
	(void)pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	(void)pthread_rwlock_init(&tree->change, &fair);
	(void)pthread_rwlockattr_destroy(&fair);
}

int tree_init(struct tree *tree, int root_fd)
{
	struct stat st;

	if (fstat(root_fd, &st) < 0)
		return -errno;
	*tree = (struct tree){
		.buckets = FIRST_BUCKETS,
		.root = { .dev = st.st_dev,
			  .ino = st.st_ino,
			  .type = S_IFDIR,
			  .fd = root_fd,
			  .next_fd = -EBADF,
			  .holds = 1 },
	};
	tree->by_key = calloc(tree->buckets, sizeof(*tree->by_key));
	tree->by_name = calloc(tree->buckets, sizeof(*tree->by_name));
	if (!tree->by_key || !tree->by_name) {
		free(tree->by_key);
		free(tree->by_name);
		return -ENOMEM;
	}
	init_locks(tree);
	return 0;
}

static void node_destroy(struct node *node)
{
	fd_close(&node->fd);
	fd_close(&node->next_fd);
	free(node->last);
}

void tree_free(struct tree *tree)
{
	size_t i;

	for (i = 0; i < tree->buckets; i++) {
		while (tree->by_name[i]) {
			struct name *name = tree->by_name[i];

			tree->by_name[i] = name->next_hashed;
			free(name);
		}
		while (tree->by_key[i]) {
			struct node *node = tree->by_key[i];

			tree->by_key[i] = node->next_hashed;
			node_destroy(node);
			free(node);
		}
	}
	node_destroy(&tree->root);
	free(tree->by_key);
	free(tree->by_name);
}

struct node *tree_node(struct tree *tree, uint64_t number)
{
	return number == ROOT_NUMBER ? &tree->root : (struct node *)(uintptr_t)number;
}

uint64_t node_number(const struct tree *tree, const struct node *node)
{
	return node == &tree->root ? ROOT_NUMBER : (uint64_t)(uintptr_t)node;
}

static struct name **name_slot(const struct tree *tree, const struct node *parent, const char *text)
{
	struct name **slot = &tree->by_name[hash_name(tree, parent, text)];

	while (*slot && ((*slot)->parent != parent || strcmp((*slot)->text, text) != 0))
		slot = &(*slot)->next_hashed;
	return slot;
}

struct node *node_named(const struct tree *tree, const struct node *parent, const char *name)
{
	struct name *found = *name_slot(tree, parent, name);

	return found ? found->node : NULL;
}

struct node *node_keyed(const struct tree *tree, dev_t dev, ino_t ino, mode_t type)
{
	struct node *node = tree->by_key[hash_key(tree, dev, ino)];

	while (node && (node->dev != dev || node->ino != ino || node->type != type))
		node = node->next_hashed;
	return node;
}

static void rehash(struct tree *tree, struct node **by_key, struct name **by_name, size_t buckets)
{
	struct node **old_keys = tree->by_key;
	struct name **old_names = tree->by_name;
	size_t old_buckets = tree->buckets;
	size_t i, at;

	tree->by_key = by_key;
	tree->by_name = by_name;
	tree->buckets = buckets;
	for (i = 0; i < old_buckets; i++) {
		while (old_keys[i]) {
			struct node *node = old_keys[i];

			old_keys[i] = node->next_hashed;
			at = hash_key(tree, node->dev, node->ino);
			node->next_hashed = by_key[at];
			by_key[at] = node;
		}
		while (old_names[i]) {
			struct name *name = old_names[i];

			old_names[i] = name->next_hashed;
			at = hash_name(tree, name->parent, name->text);
			name->next_hashed = by_name[at];
			by_name[at] = name;
		}
	}
	free(old_keys);
	free(old_names);
}

/* A table that cannot grow gets slower, not wrong: so this cannot fail. */
static void grow(struct tree *tree)
{
	size_t buckets = tree->buckets * 2;
	struct node **by_key;
	struct name **by_name;

	if (tree->nodes < tree->buckets && tree->names_count < tree->buckets)
		return;
	by_key = calloc(buckets, sizeof(*by_key));
	by_name = calloc(buckets, sizeof(*by_name));
	if (!by_key || !by_name) {
		free(by_key);
		free(by_name);
		return;
	}
	rehash(tree, by_key, by_name, buckets);
}

static void key_insert(struct tree *tree, struct node *node)
{
	struct node **slot = &tree->by_key[hash_key(tree, node->dev, node->ino)];

	node->next_hashed = *slot;
	*slot = node;
}

static void key_remove(struct tree *tree, struct node *node)
{
	struct node **slot = &tree->by_key[hash_key(tree, node->dev, node->ino)];

	while (*slot != node)
		slot = &(*slot)->next_hashed;
	*slot = node->next_hashed;
}

struct node *node_add(struct tree *tree, int fd, const struct stat *st)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	grow(tree);
	node->dev = st->st_dev;
	node->ino = node->first_ino = st->st_ino;
	node->type = st->st_mode & S_IFMT;
	node->fd = fd;
	node->next_fd = -EBADF;
	key_insert(tree, node);
	tree->nodes++;
	return node;
}

void node_rekey(struct tree *tree, struct node *node, dev_t dev, ino_t ino)
{
	if (node == &tree->root) {
		node->dev = dev;
		node->ino = ino;
		return;
	}
	key_remove(tree, node);
	node->dev = dev;
	node->ino = ino;
	key_insert(tree, node);
}

/* Takes the name in slot out of both lists; returns the parent, whose hold is to be given back. */
static struct node *name_take(struct tree *tree, struct name **slot)
{
	struct name *name = *slot;
	struct name **of_node = &name->node->names;
	struct node *parent = name->parent;

	*slot = name->next_hashed;
	while (*of_node != name)
		of_node = &(*of_node)->next;
	*of_node = name->next;
	tree->names_count--;
	free(name);
	return parent;
}

int name_set(struct tree *tree, struct node *parent, const char *text, struct node *node)
{
	struct name **slot = name_slot(tree, parent, text);
	struct name *name;

	if (*slot && (*slot)->node == node)
		return 0;
	name = malloc(sizeof(*name) + strlen(text) + 1);
	if (!name)
		return -ENOMEM;
	if (*slot)
		node_release(tree, name_take(tree, slot));
	grow(tree);
	strcpy(name->text, text);
	name->parent = parent;
	name->node = node;
	name->next = node->names;
	node->names = name;
	slot = &tree->by_name[hash_name(tree, parent, text)];
	name->next_hashed = *slot;
	*slot = name;
	tree->names_count++;
	node_hold(parent);
	return 0;
}

void name_drop(struct tree *tree, struct node *parent, const char *text)
{
	struct name **slot = name_slot(tree, parent, text);

	if (*slot)
		node_release(tree, name_take(tree, slot));
}

int name_move(struct tree *tree, struct node *from, const char *old, struct node *to,
	      const char *new)
{
	struct node *node = node_named(tree, from, old);
	int r = 0;

	name_drop(tree, to, new);
	if (node) {
		node_hold(node);
		r = name_set(tree, to, new, node);
		name_drop(tree, from, old);
		node_release(tree, node);
	}
	return r;
}

int name_swap(struct tree *tree, struct node *a, const char *x, struct node *b, const char *y)
{
	struct node *was_x = node_named(tree, a, x);
	struct node *was_y = node_named(tree, b, y);
	int r = 0;

	if (was_x)
		node_hold(was_x);
	if (was_y)
		node_hold(was_y);
	name_drop(tree, a, x);
	name_drop(tree, b, y);
	if (was_x)
		r = name_set(tree, b, y, was_x);
	if (was_y && r == 0)
		r = name_set(tree, a, x, was_y);
	if (was_x)
		node_release(tree, was_x);
	if (was_y)
		node_release(tree, was_y);
	return r;
}

void node_hold(struct node *node)
{
	node->holds++;
}

/* Frees what nobody needs: the node, and up the chain the parents that only its names held. */
static void reap(struct tree *tree, struct node *node)
{
	struct node *todo = NULL;

	while (node && !node->lookups && !node->holds) {
		while (node->names) {
			const struct name *name = node->names;
			struct node *parent =
				name_take(tree, name_slot(tree, name->parent, name->text));

			if (--parent->holds || parent->lookups)
				continue;
			parent->next_todo = todo;
			todo = parent;
		}
		key_remove(tree, node);
		tree->nodes--;
		node_destroy(node);
		free(node);
		node = todo;
		todo = node ? node->next_todo : NULL;
	}
}

void node_release(struct tree *tree, struct node *node)
{
	node->holds--;
	reap(tree, node);
}

void node_forget(struct tree *tree, struct node *node, uint64_t count)
{
	if (node == &tree->root)
		return;
	node->lookups -= count < node->lookups ? count : node->lookups;
	reap(tree, node);
}

int tree_each(struct tree *tree, int (*visit)(struct node *node, void *data), void *data)
{
	struct node *node;
	size_t i;
	int r = visit(&tree->root, data);

	for (i = 0; i < tree->buckets; i++)
		for (node = tree->by_key[i]; node && r == 0; node = node->next_hashed)
			r = visit(node, data);
	return r;
}

void node_path(const struct node *node, char *path, size_t size)
{
	size_t at = size - 1;

	path[at] = '\0';
	while (node->names) {
		size_t length = strlen(node->names->text);

		if (length + 1 > at)
			break; /* What does not fit is the beginning: the end tells more. */
		at -= length;
		memcpy(path + at, node->names->text, length);
		path[--at] = '/';
		node = node->names->parent;
	}
	memmove(path, path + at, size - at);
}
