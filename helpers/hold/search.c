/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding other names of objects. It takes a walk over the whole tree, behind the seal; but it is
 * needed only where a file is open, has hard links, was opened by one of them, has lost that one,
 * and nobody has looked the others up. One walk for all such files: users make as many as they like.
 */
#include "config.h"

#include "hold/search.h"

#include "common/fd.h"
#include "common/openat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Deeper trees are not searched: each level costs two descriptors. */
#define DEPTH_MAX 256

struct wanted {
	ino_t ino;
	dev_t dev;
	int fd; /* O_PATH on the disk, owned; -ENOENT until it is found */
};

struct search {
	const struct hold *hold;
	unsigned int depth;
	size_t left; /* how many were not found yet */
	size_t count;
	struct wanted list[]; /* in the order of their numbers */
};

static int compare(const void *left, const void *right)
{
	const struct wanted *a = left;
	const struct wanted *b = right;

	return (a->ino > b->ino) - (a->ino < b->ino);
}

static struct wanted *find(struct search *search, ino_t ino)
{
	const struct wanted key = { .ino = ino };

	return bsearch(&key, search->list, search->count, sizeof(key), compare);
}

bool search_is_true(const struct name *name, const struct stat *node)
{
	struct stat st;

	return name->parent->fd >= 0 &&
	       fstatat(name->parent->fd, name->text, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_ino == node->st_ino && st.st_dev == node->st_dev;
}

static bool has_lost_names(const struct node *node, const struct stat *st)
{
	const struct name *name;

	for (name = node->names; name; name = name->next)
		if (search_is_true(name, st))
			return false;
	return true;
}

static int want(struct node *node, void *data)
{
	struct search *search = data;
	struct stat st;

	if (node->files && node->fd >= 0 && fstat(node->fd, &st) == 0 && st.st_nlink > 0 &&
	    !is_number_ambiguous(&st) && has_lost_names(node, &st))
		search->list[search->count++] =
			(struct wanted){ .ino = st.st_ino, .dev = st.st_dev, .fd = -ENOENT };
	return 0;
}

static void search_below(struct search *search, int root, int disk);

static void descend(struct search *search, int root, int disk, const char *name)
{
	auto_close int below = open_walk(root, name, O_PATH | O_DIRECTORY, 0);
	auto_close int disk_below = open_walk(disk, name, O_PATH | O_DIRECTORY, 0);

	if (below < 0 || disk_below < 0 || search->depth == DEPTH_MAX)
		return;
	search->depth++;
	search_below(search, below, disk_below);
	search->depth--;
}

/* One name: is it one of those that are wanted? */
static void judge(struct search *search, int root, int disk, const struct dirent *entry)
{
	struct wanted *wanted = find(search, entry->d_ino);
	struct stat st;

	if (!wanted || wanted->fd >= 0 ||
	    fstatat(root, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    st.st_ino != wanted->ino || st.st_dev != wanted->dev)
		return;
	wanted->fd = open_walk(disk, entry->d_name, O_PATH | O_NOFOLLOW, 0);
	search->left -= wanted->fd >= 0;
}

static void search_below(struct search *search, int root, int disk)
{
	int fd = view_reopen(search->hold, root, O_RDONLY | O_DIRECTORY);
	auto_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd); /* owns fd */
	const struct dirent *entry;

	if (!dir) {
		fd_close(&fd);
		return;
	}
	while (search->left && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (entry->d_type == DT_DIR)
			descend(search, root, disk, entry->d_name);
		else
			judge(search, root, disk, entry);
	}
}

static struct search *search_make(struct view *view)
{
	struct tree *tree = &view->tree;
	struct search *search =
		malloc(sizeof(*search) + (tree->nodes + 1) * sizeof(search->list[0]));

	if (!search)
		return NULL;
	*search = (struct search){ .hold = view->hold };
	(void)tree_each(tree, want, search);
	qsort(search->list, search->count, sizeof(search->list[0]), compare);
	search->left = search->count;
	search_below(search, tree->root.fd, tree->root.next_fd);
	return search;
}

int search_link(struct search **search, struct view *view, const struct stat *st)
{
	struct wanted *wanted;

	if (!*search)
		*search = search_make(view);
	if (!*search)
		return -ENOMEM;
	wanted = find(*search, st->st_ino);
	if (!wanted || wanted->fd < 0)
		return wanted ? wanted->fd : -ENOENT;
	return take_fd(&wanted->fd);
}

void search_free(struct search **search)
{
	size_t i;

	for (i = 0; *search && i < (*search)->count; i++)
		fd_close(&(*search)->list[i].fd);
	free(*search);
	*search = NULL;
}
