/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nodes of a pass-through: what the kernel has looked up and not yet forgotten, each with a
 * descriptor of the object behind it and with the names under which it was seen. The names are what
 * makes it possible to find every object again below another directory.
 *
 * Nothing here locks: the caller holds tree->lock around every call, and tree->change as well where
 * names change (see there).
 */
#ifndef INITFS_NODE_H
#define INITFS_NODE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct node;
struct file; /* of the program that owns the tree: a file that somebody has open */

/* One name of a node. Holds its parent, so a chain of names always ends at the root. */
struct name {
	struct name *next_hashed;
	struct name *next; /* another name of the same node */
	struct node *parent;
	struct node *node;
	char text[];
};

struct node {
	struct node *next_hashed;
	dev_t dev; /* with ino: its key. Follows the object when a copy-up gives it another number */
	ino_t ino;
	mode_t type; /* S_IFMT bits; never changes */
	ino_t first_ino; /* its number when it was first seen */
	int fd; /* O_PATH, owned; -EBADF where it has no seat any more */
	uint64_t lookups; /* a debt: the kernel pays it by forget */
	unsigned int holds; /* names below it, open files, streams: what else keeps it */
	struct name *names;
	struct file *files; /* list of the tree's owner; each holds the node */
	void *locks; /* of the tree's owner */
	/* Of a list that is worked off, where recursion would go as deep as users nest directories. */
	struct node *next_todo;

	int next_fd; /* the seat it is about to get, owned; else -EBADF */
	bool is_placed; /* next_fd was decided (it may be "none") */
	struct stat *last; /* what it was when it lost its seat; owned */
};

struct tree {
	/* Guards everything below; never held across a system call that may wait for a disk. */
	pthread_mutex_t lock;
	/*
	 * Held for writing around "change a name, then note the change", for reading around "look a
	 * name up, then note it": otherwise a slow look-up could note a name that is gone.
	 */
	pthread_rwlock_t change;
	struct node root;
	struct node **by_key;
	struct name **by_name;
	size_t buckets; /* of both; a power of two */
	size_t nodes; /* without the root */
	size_t names_count;
};

/* Makes an empty tree over the directory root_fd, which it owns from here on. 0 or -errno. */
int tree_init(struct tree *tree, int root_fd);

/* Frees all nodes, whatever their debt, and closes their descriptors. */
void tree_free(struct tree *tree);

/* The node that the kernel means by a number that it was given. */
struct node *tree_node(struct tree *tree, uint64_t number);
uint64_t node_number(const struct tree *tree, const struct node *node);

/* The node under (parent, name), or NULL. */
struct node *node_named(const struct tree *tree, const struct node *parent, const char *name);

/* A node with that key and type, or NULL. */
struct node *node_keyed(const struct tree *tree, dev_t dev, ino_t ino, mode_t type);

/* Adds a node without names or debts; it owns fd from here on. NULL without memory (fd stays). */
struct node *node_add(struct tree *tree, int fd, const struct stat *st);

/* Gives a node another key. */
void node_rekey(struct tree *tree, struct node *node, dev_t dev, ino_t ino);

/* (parent, text) is node from now on, whatever it was. 0 or -ENOMEM. */
int name_set(struct tree *tree, struct node *parent, const char *text, struct node *node);

/* (parent, text) is nothing any more. */
void name_drop(struct tree *tree, struct node *parent, const char *text);

/* What was (from, old) is (to, new); what was there has lost that name. 0 or -ENOMEM. */
int name_move(struct tree *tree, struct node *from, const char *old, struct node *to,
	      const char *new);

/* (a, x) and (b, y) have changed places; one unknown here stays unknown. 0 or -ENOMEM. */
int name_swap(struct tree *tree, struct node *a, const char *x, struct node *b, const char *y);

/* One reason more, or less, for a node to stay. The last one that goes frees it. */
void node_hold(struct node *node);
void node_release(struct tree *tree, struct node *node);

/* Takes count off its debt. */
void node_forget(struct tree *tree, struct node *node, uint64_t count);

/* Calls visit for each node, the root first, until it returns something else than 0. */
int tree_each(struct tree *tree, int (*visit)(struct node *node, void *data), void *data);

/* Writes a path of the node below the root, as far as its names are known ("" for the root). */
void node_path(const struct node *node, char *path, size_t size);

#endif
