/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding another name of an object. It takes a walk over the whole tree, behind the seal; but it is
 * needed only where a file is open, has hard links, was opened by one of them, has lost that one,
 * and nobody has looked the others up.
 */
#include "config.h"

#include "hold/search.h"

#include "common/fd.h"
#include "common/openat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Deeper trees are not searched: each level costs two descriptors. */
#define DEPTH_MAX 256

struct search {
	const struct hold *hold;
	const struct stat *st;
	unsigned int depth;
};

static int search_below(struct search *search, int root, int disk);

/* One name of a directory: 1 where it is the object, 0 where it leads deeper, -ENOENT for neither. */
static int judge(const struct search *search, int dirfd, const struct dirent *entry)
{
	struct stat st;

	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return -ENOENT;
	if (entry->d_type == DT_DIR)
		return 0;
	if (entry->d_ino != search->st->st_ino)
		return -ENOENT;
	if (fstatat(dirfd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -ENOENT;
	return st.st_ino == search->st->st_ino && st.st_dev == search->st->st_dev ? 1 : -ENOENT;
}

static int descend(struct search *search, int root, int disk, const char *name)
{
	auto_close int below = open_walk(root, name, O_PATH | O_DIRECTORY, 0);
	auto_close int disk_below = open_walk(disk, name, O_PATH | O_DIRECTORY, 0);
	int r;

	if (below < 0 || disk_below < 0 || search->depth == DEPTH_MAX)
		return -ENOENT;
	search->depth++;
	r = search_below(search, below, disk_below);
	search->depth--;
	return r;
}

static int search_below(struct search *search, int root, int disk)
{
	int fd = view_reopen(search->hold, root, O_RDONLY | O_DIRECTORY);
	auto_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd); /* owns fd */
	const struct dirent *entry;
	int r = -ENOENT;

	if (!dir) {
		fd_close(&fd);
		return -ENOENT;
	}
	while (r == -ENOENT && (entry = readdir(dir))) {
		r = judge(search, root, entry);
		if (r == 0)
			r = descend(search, root, disk, entry->d_name);
		else if (r == 1)
			r = open_walk(disk, entry->d_name, O_PATH | O_NOFOLLOW, 0);
	}
	return r;
}

int search_link(const struct hold *hold, int root, int disk, const struct stat *st)
{
	struct search search = { .hold = hold, .st = st };

	return search_below(&search, root, disk);
}
