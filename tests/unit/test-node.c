/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The node table finds every node by its key and by its names, and keeps it as long as it is owed. */
#include "config.h"

#include "check.h"
#include "passthrough/node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct node *add(struct tree *tree, ino_t ino, mode_t mode)
{
	const struct stat st = { .st_dev = 7, .st_ino = ino, .st_mode = mode };
	struct node *node = node_add(tree, -EBADF, &st);

	node->lookups = 1;
	return node;
}

static void check_path(const struct node *node, const char *want)
{
	char path[64];

	node_path(node, path, sizeof(path));
	CHECK_STR(path, want);
}

static void test_names(struct tree *tree)
{
	struct node *dir = add(tree, 10, S_IFDIR);
	struct node *file = add(tree, 11, S_IFREG);

	CHECK_INT(name_set(tree, &tree->root, "dir", dir), 0);
	CHECK_INT(name_set(tree, dir, "file", file), 0);
	CHECK_INT(name_set(tree, dir, "file", file), 0); /* again: nothing new */
	CHECK(node_named(tree, dir, "file") == file);
	CHECK(!node_named(tree, &tree->root, "file"));
	check_path(file, "/dir/file");
	check_path(&tree->root, "");

	/* A second name, the first one gone: it is found by the second. */
	CHECK_INT(name_set(tree, &tree->root, "link", file), 0);
	name_drop(tree, dir, "file");
	check_path(file, "/link");

	/* A parent that the kernel forgets stays as long as a name stands in it. */
	CHECK_INT(name_move(tree, &tree->root, "link", dir, "moved"), 0);
	node_forget(tree, dir, 1);
	check_path(file, "/dir/moved");
	CHECK_INT(tree->nodes, 2);
	node_forget(tree, file, 1);
	CHECK_INT(tree->nodes, 0);
	CHECK_INT(tree->names_count, 0);
}

static void test_replace(struct tree *tree)
{
	struct node *old = add(tree, 20, S_IFREG);
	struct node *new = add(tree, 21, S_IFREG);

	CHECK_INT(name_set(tree, &tree->root, "log", old), 0);
	CHECK_INT(name_set(tree, &tree->root, "log.new", new), 0);
	CHECK_INT(name_move(tree, &tree->root, "log.new", &tree->root, "log"), 0);
	CHECK(node_named(tree, &tree->root, "log") == new);
	CHECK(!node_named(tree, &tree->root, "log.new"));
	CHECK(!old->names);

	CHECK_INT(name_set(tree, &tree->root, "other", old), 0);
	CHECK_INT(name_swap(tree, &tree->root, "log", &tree->root, "other"), 0);
	CHECK(node_named(tree, &tree->root, "log") == old);
	CHECK(node_named(tree, &tree->root, "other") == new);
	/* One of the two may be unknown: the known one moves all the same. */
	CHECK_INT(name_swap(tree, &tree->root, "log", &tree->root, "unknown"), 0);
	CHECK(!node_named(tree, &tree->root, "log"));
	CHECK(node_named(tree, &tree->root, "unknown") == old);
	/* Moving what is unknown only takes the target's name away. */
	CHECK_INT(name_move(tree, &tree->root, "nobody", &tree->root, "other"), 0);
	CHECK(!new->names);
	node_forget(tree, old, 1);
	node_forget(tree, new, 1);
	CHECK_INT(tree->nodes, 0);
}

static void test_keys(struct tree *tree)
{
	struct node *node = add(tree, 30, S_IFREG);

	CHECK(node_keyed(tree, 7, 30, S_IFREG) == node);
	CHECK(!node_keyed(tree, 7, 30, S_IFDIR));
	CHECK(!node_keyed(tree, 8, 30, S_IFREG));
	node_rekey(tree, node, 9, 31);
	CHECK(!node_keyed(tree, 7, 30, S_IFREG));
	CHECK(node_keyed(tree, 9, 31, S_IFREG) == node);
	CHECK(tree_node(tree, node_number(tree, node)) == node);
	CHECK(tree_node(tree, 1) == &tree->root);
	CHECK_INT(node_number(tree, &tree->root), 1);

	/* A hold and a debt each keep it; a forget of too much does not go below nothing. */
	node_hold(node);
	node_forget(tree, node, 5);
	CHECK_INT(tree->nodes, 1);
	node_release(tree, node);
	CHECK_INT(tree->nodes, 0);
}

static int count_one(struct node *node, void *data)
{
	++*(size_t *)data;
	return 0;
}

static int stop_at_once(struct node *node, void *data)
{
	++*(size_t *)data;
	return -7;
}

static void test_many(struct tree *tree)
{
	enum { MANY = 5000 }; /* more than the first buckets: the tables grow under their content */
	static struct node *nodes[MANY];
	char name[16];
	size_t seen = 0;
	int i, wrong = 0;

	for (i = 0; i < MANY; i++) {
		nodes[i] = add(tree, 1000 + (ino_t)i, S_IFREG);
		(void)snprintf(name, sizeof(name), "n%d", i);
		wrong += name_set(tree, &tree->root, name, nodes[i]) != 0;
	}
	for (i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		wrong += node_named(tree, &tree->root, name) != nodes[i];
		wrong += node_keyed(tree, 7, 1000 + (ino_t)i, S_IFREG) != nodes[i];
	}
	CHECK_INT(wrong, 0);
	CHECK_INT(tree_each(tree, count_one, &seen), 0);
	CHECK_INT(seen, MANY + 1);
	seen = 0;
	CHECK_INT(tree_each(tree, stop_at_once, &seen), -7);
	CHECK_INT(seen, 1);
	for (i = 0; i < MANY; i += 2)
		node_forget(tree, nodes[i], 1);
	CHECK_INT(tree->nodes, MANY / 2);
	CHECK_INT(tree->names_count, MANY / 2);
}

/* Directories that the kernel forgets from the top, and then what is in the last one. */
static void test_deep(struct tree *tree)
{
	enum { DEEP = 200000 }; /* more than a stack has room for */
	static struct node *nodes[DEEP];
	size_t before = tree->nodes;
	int i, wrong = 0;

	for (i = 0; i < DEEP; i++) {
		nodes[i] = add(tree, 100000 + (ino_t)i, S_IFDIR);
		wrong += name_set(tree, i ? nodes[i - 1] : &tree->root, "d", nodes[i]) != 0;
	}
	CHECK_INT(wrong, 0);
	for (i = 0; i < DEEP - 1; i++)
		node_forget(tree, nodes[i], 1);
	CHECK_INT(tree->nodes, before + DEEP);
	node_forget(tree, nodes[DEEP - 1], 1);
	CHECK_INT(tree->nodes, before);
}

int main(void)
{
	struct tree tree;

	CHECK_INT(tree_init(&tree, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)), 0);
	test_names(&tree);
	test_replace(&tree);
	test_keys(&tree);
	test_many(&tree);
	test_deep(&tree);
	tree_free(&tree); /* what is left is freed; the leak checker of the sanitizers looks */
	return check_result();
}
