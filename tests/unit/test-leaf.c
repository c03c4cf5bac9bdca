/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packed changes: what is noted of a leaf is found again, and one that goes leaves its copy behind. */
#include "config.h"

#include "check.h"
#include "merge/leaf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MANY 5000

static struct change *add(struct change *dir, struct leaf_index *index, const char *name,
			  struct leaf_walk *walk)
{
	struct change *leaf = leaf_add(walk, index, dir, name, CHANGE_PLACE, 7);

	CHECK(leaf != NULL);
	return leaf;
}

static size_t count(struct change *dir)
{
	struct leaf_walk walk;
	size_t n = 0;

	for (const struct change *leaf = leaf_first(&walk, dir); leaf; leaf = leaf_next(&walk))
		n++;
	return n;
}

static void test_one(void)
{
	const struct stamp stamp = { .ino = 3, .size = 5, .ctime = { 7, 9 }, .mode = S_IFREG };
	struct stamp other = stamp;
	struct leaf_index index;
	struct leaf_walk walk;
	struct change *leaf;
	struct tree tree;

	CHECK_INT(tree_make(&tree), 0);
	CHECK_INT(leaf_index_make(&index, tree.root), 0);
	CHECK(!leaf_open(&walk, &index, tree.root, "a"));
	leaf = add(tree.root, &index, "a", &walk);
	CHECK_STR(leaf->name, "a");
	CHECK(!leaf->wanted && !leaf->staged && !leaf->certain);
	set_stamp(leaf, &stamp);
	leaf->wanted = true;
	leaf->lower = true;
	leaf_close(&walk);
	leaf = leaf_open(&walk, &index, tree.root, "a");
	CHECK(leaf && leaf->wanted && leaf->lower && !leaf->staged && leaf->id == 7);
	CHECK(leaf && leaf->kind == CHANGE_PLACE && S_ISREG(leaf->stamp.mode));
	CHECK(leaf && leaf->parent == tree.root && has_stamp(leaf, &stamp));
	other.ctime.tv_nsec++;
	CHECK(leaf && !has_stamp(leaf, &other));
	other = stamp;
	other.size++;
	CHECK(leaf && !has_stamp(leaf, &other));
	leaf_close(&walk);
	CHECK(!leaf_open(&walk, &index, tree.root, "aa"));
	leaf_index_free(&index);
	tree_free(&tree);
}

static void test_kinds(void)
{
	struct leaf_index index = { 0 };
	struct leaf_walk walk;
	struct change *leaf;
	char name[NAME_MAX + 1];
	struct tree tree;

	CHECK_INT(tree_make(&tree), 0);
	(void)memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	CHECK(leaf_add(&walk, &index, tree.root, name, CHANGE_INSIDE, UINT32_MAX) != NULL);
	CHECK(leaf_add(&walk, &index, tree.root, "w", CHANGE_DELETE, 1) != NULL);
	CHECK(!leaf_add(&walk, &index, tree.root, "x", CHANGE_PLACE, UINT64_C(1) << 32));
	leaf = leaf_open(&walk, &index, tree.root, name);
	CHECK(leaf && leaf->kind == CHANGE_INSIDE && leaf->id == UINT32_MAX);
	CHECK(leaf && strcmp(leaf->name, name) == 0);
	leaf = leaf_open(&walk, &index, tree.root, "w");
	CHECK(leaf && leaf->kind == CHANGE_DELETE && !S_ISREG(leaf->stamp.mode));
	leaf_index_free(&index);
	tree_free(&tree);
}

/* What a scan does not see any more goes; what was staged of it is to be removed. */
static void test_scans(void)
{
	struct leaf_index index = { 0 };
	struct leaf_walk walk;
	struct change *leaf;
	struct tree tree;
	char name[32];
	size_t i;

	CHECK_INT(tree_make(&tree), 0);
	for (i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "name-%zu", i);
		leaf = add(tree.root, &index, name, &walk);
		leaf->seen = true;
		leaf->staged = i % 2;
		leaf_close(&walk);
	}
	leaf_index_free(&index);
	leaf_end_scan(tree.root);
	CHECK_INT(leaf_drop_unseen(tree.root), 0);
	CHECK_INT((int)count(tree.root), MANY);
	CHECK_INT(leaf_index_make(&index, tree.root), 0);
	leaf_begin_scan(tree.root);
	for (i = 0; i < MANY - 3; i++) {
		(void)snprintf(name, sizeof(name), "name-%zu", i);
		leaf = leaf_open(&walk, &index, tree.root, name);
		CHECK(leaf && leaf->staged == i % 2 && !leaf->seen);
		if (leaf)
			leaf->seen = true;
		leaf_close(&walk);
	}
	CHECK(add(tree.root, &index, "late", &walk) != NULL);
	walk.leaf.seen = true;
	leaf_close(&walk);
	tree.root->pending = false;
	leaf_end_scan(tree.root);
	CHECK_INT(leaf_drop_unseen(tree.root), 0);
	CHECK_INT((int)count(tree.root), MANY - 2);
	CHECK(!leaf_open(&walk, &index, tree.root, "name-4999"));
	CHECK(leaf_open(&walk, &index, tree.root, "late") != NULL);
	/* Of the last three, 4997 and 4999 had been staged. */
	CHECK(tree.root->pending && tree.root->dropped && tree.root->dropped->next);
	CHECK(tree.root->dropped && !tree.root->dropped->next->next);
	CHECK(tree.root->dropped && tree.root->dropped->id == 7);
	leaf_index_free(&index);
	tree_free(&tree);
}

static void test_unpack(void)
{
	struct leaf_index index = { 0 };
	struct leaf_walk walk;
	struct change *dir, *node;
	struct tree tree;

	CHECK_INT(tree_make(&tree), 0);
	dir = tree_add(&tree, tree.root, "dir");
	CHECK(dir != NULL);
	CHECK(add(dir, &index, "a", &walk) != NULL);
	walk.leaf.wanted = true;
	leaf_close(&walk);
	CHECK(add(dir, &index, "gone", &walk) != NULL);
	CHECK_INT(leaf_drop(&walk), 0);
	CHECK(!dir->dropped);
	CHECK(!tree_find(&tree, dir, "a"));
	CHECK_INT(tree_unpack(&tree), 0);
	node = tree_find(&tree, dir, "a");
	CHECK(node && node->wanted && node->id == 7 && node->parent == dir);
	CHECK(!tree_find(&tree, dir, "gone"));
	CHECK_INT((int)count(dir), 0);
	leaf_index_free(&index);
	tree_free(&tree);
}

int main(void)
{
	test_one();
	test_kinds();
	test_scans();
	test_unpack();
	return check_result();
}
