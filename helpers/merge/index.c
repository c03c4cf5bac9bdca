/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that an index keeps together. */
#include "config.h"

#include "merge/index.h"
#include "merge/flags.h"
#include "merge/lift.h"
#include "merge/note.h"
#include "merge/place.h"
#include "merge/publish.h"
#include "merge/scan.h"
#include "merge/stage.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One directory of the walk; change is its node, or NULL where the upper layer has none. */
struct level {
	struct change *change;
	int fd;
	unsigned int depth;
};

void index_free(struct index *index)
{
	while (index->files) {
		struct indexed *file = index->files;

		index->files = file->next;
		free(file->change);
		free(file);
	}
	while (index->aliases) {
		struct alias *alias = index->aliases;

		index->aliases = alias->next;
		fd_close(&alias->dir);
		free(alias);
	}
	if (index->is_known)
		fd_close(&index->dir);
	index->is_known = false;
}

/* Opens a directory for reading its names, apart from what fd reads. */
static DIR *open_stream(int fd)
{
	auto_close int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (dir)
		(void)take_fd(&copy);
	return dir;
}

static int note_origin(struct scan *scan, const struct layer *layer, struct indexed *file)
{
	auto_close int fd = -EBADF;
	struct handle handle;
	struct stat st;
	int r = marks_origin(layer->index.dir, file->name, scan->buffers, &handle);

	if (r < 0 || !handle.size)
		return r;
	fd = handle_open(layer->lower, &handle, O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return fd == -ESTALE ? 0 : fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	file->lower_ino = st.st_ino;
	return 0;
}

static int note_file(struct scan *scan, struct layer *layer, const char *name)
{
	struct indexed *file;
	const char *why;
	struct stat st;
	size_t length = strlen(name) + 1;
	int r;

	if (fstatat(layer->index.dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode) || (S_ISCHR(st.st_mode) && st.st_rdev == 0))
		return 0; /* of an exported overlay: says nothing of names */
	file = calloc(1, sizeof(*file) + length);
	if (!file)
		return -ENOMEM;
	memcpy(file->name, name, length);
	file->st = st;
	file->next = layer->index.files;
	layer->index.files = file;
	r = marks_read(layer->index.dir, name, scan->buffers, &file->marks, &why);
	return r < 0 ? r : note_origin(scan, layer, file);
}

static int read_index(struct scan *scan, struct layer *layer)
{
	auto_closedir DIR *dir = open_stream(layer->index.dir);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while (errno = 0, (entry = readdir(dir))) {
		int r = entry->d_name[0] == '.' ? 0 : note_file(scan, layer, entry->d_name);

		if (r < 0)
			return r;
	}
	return -errno;
}

/* The file that a lower name shows; the published copy is an earlier run's. */
static struct indexed *find_file(const struct layer *layer, int dir, const char *name,
				 const struct stat *st)
{
	struct indexed *file;

	for (file = layer->index.files; file; file = file->next)
		if (st->st_ino == file->lower_ino || moves_is_copy(dir, name, &file->st))
			return file;
	return NULL;
}

static int note_alias(struct scan *scan, struct layer *layer, const struct level *at,
		      const char *name, struct indexed *of)
{
	size_t length = strlen(name) + 1;
	struct alias *alias = calloc(1, sizeof(*alias) + length);
	struct statx flags;
	struct stat st;

	if (!alias)
		return -ENOMEM;
	memcpy(alias->name, name, length);
	alias->of = of;
	alias->id = (*scan->next_id)++;
	alias->next = layer->index.aliases;
	layer->index.aliases = alias;
	alias->dir = openat(at->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (alias->dir < 0 || fstat(alias->dir, &st) < 0 ||
	    statx(alias->dir, "", AT_EMPTY_PATH, STATX_TYPE, &flags) < 0)
		return -errno;
	alias->protect = note_protecting(&flags);
	alias->has_times = !at->change;
	alias->times[0] = st.st_atim;
	alias->times[1] = st.st_mtim;
	scan->names++;
	scan->bytes += (uint64_t)of->st.st_blocks * 512; /* each as if it were the first */
	return 0;
}

static int walk(struct scan *scan, struct layer *layer, const struct level *at);

/* What was renamed is walked through for itself: where it is now says nothing. */
static int look_at(struct scan *scan, struct layer *layer, const struct level *at, const char *name)
{
	struct change *change = at->change ? tree_find(&layer->tree, at->change, name) : NULL;
	auto_close int fd = -EBADF;
	struct level below = { change, -EBADF, at->depth + 1 };
	struct indexed *file;
	struct stat st;

	if (change && (change->kind != CHANGE_ENTER || change->move))
		return 0;
	if (fstatat(at->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (st.st_dev != scan->device)
		return 0;
	if (!S_ISDIR(st.st_mode)) {
		file = find_file(layer, at->fd, name, &st);
		return file ? note_alias(scan, layer, at, name, file) : 0;
	}
	if (below.depth > SCAN_DEPTH_MAX)
		return -ENAMETOOLONG;
	fd = open_walk(at->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd == -EXDEV ? 0 : fd; /* a mount: not the lower layer's */
	below.fd = fd;
	return walk(scan, layer, &below);
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static int walk(struct scan *scan, struct layer *layer, const struct level *at)
{
	auto_closedir DIR *dir = open_stream(at->fd);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while (errno = 0, (entry = readdir(dir))) {
		int r = 0;

		if (!is_dots(entry->d_name) &&
		    (at->depth || strcmp(entry->d_name, STAGING_NAME) != 0))
			r = look_at(scan, layer, at, entry->d_name);
		if (r < 0)
			return r;
	}
	return -errno;
}

static int walk_moved(struct scan *scan, struct layer *layer)
{
	struct move *move;
	int r = 0;

	for (move = layer->moves.first; r == 0 && move; move = move->next) {
		auto_close int fd = -EBADF;

		if (move->change->kind != CHANGE_ENTER)
			continue;
		fd = open_walk(move->dir, move->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
		if (fd < 0)
			return fd;
		r = walk(scan, layer, &(struct level){ move->change, fd, 1 });
	}
	return r;
}

int index_scan(struct scan *scan, struct layer *layer, struct fault *fault)
{
	int r;

	if (!layer->index.is_known)
		return 0;
	r = read_index(scan, layer);
	if (r < 0)
		return fault_at(fault, r, "read the index of the upper layer of", layer->name);
	if (!layer->index.files)
		return 0;
	r = walk(scan, layer, &(struct level){ layer->tree.root, layer->lower, 0 });
	if (r == 0)
		r = walk_moved(scan, layer);
	return r < 0 ? fault_at(fault, r, "look for the names of linked files in", layer->name) : 0;
}

int index_stage(struct stage *stage, struct layer *layer, struct fault *fault)
{
	struct alias *alias;
	int r = 0;

	for (alias = layer->index.aliases; r == 0 && alias; alias = alias->next)
		r = stage_alias(stage, layer, alias, fault);
	return r;
}

static int publish_one(struct publish *publish, const struct alias *alias)
{
	char staged[PLACE_NAME_MAX];
	int r = lift_rename(publish->place, publish->place->dir, place_name('s', alias->id, staged),
			    alias->dir, alias->name, RENAME_EXCHANGE);

	if (r < 0)
		return r;
	publish->names++;
	if (!alias->has_times)
		return 0;
	if (futimens(alias->dir, alias->times) < 0)
		return -errno;
	return alias->protect ? flags_protect(alias->dir, alias->protect) : 0;
}

int index_publish(struct publish *publish, struct layer *layer, struct fault *fault)
{
	const struct alias *alias;
	int r = 0;

	for (alias = layer->index.aliases; r == 0 && alias; alias = alias->next)
		r = publish_one(publish, alias);
	return r < 0 ? fault_at(fault, r, "publish the names of linked files in", layer->name) : 0;
}

int index_protect(const struct layer *layer, struct fault *fault)
{
	const struct alias *alias;
	int r = 0;

	for (alias = layer->index.aliases; r == 0 && alias; alias = alias->next)
		if (alias->of->marks.protect)
			r = flags_protect_at(alias->dir, alias->name, alias->of->marks.protect);
	return r < 0 ? fault_at(fault, r, "set the flags of linked files in", layer->name) : 0;
}
