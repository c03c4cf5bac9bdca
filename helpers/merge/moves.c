/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding what was renamed. */
#include "config.h"

#include "merge/moves.h"
#include "merge/place.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void moves_make(struct moves *moves)
{
	*moves = (struct moves){ .staging = -EBADF };
	moves->end = &moves->first;
}

void moves_free(struct moves *moves)
{
	while (moves->first) {
		struct move *move = moves->first;

		moves->first = move->next;
		fd_close(&move->upper_dir);
		fd_close(&move->beside);
		fd_close(&move->dir);
		free(move->orig);
		free(move->name);
		free(move);
	}
	if (moves->has_looked)
		fd_close(&moves->staging);
	free(moves->left);
	moves_make(moves);
}

/* "/a" and "b" to "/a/b". */
static char *join(const char *path, const char *name)
{
	size_t length = strlen(path);
	char *joined = malloc(length + strlen(name) + 2);

	if (joined) {
		memcpy(joined, path, length);
		joined[length] = '/';
		strcpy(joined + length + 1, name);
	}
	return joined;
}

/* Where a directory of the upper layer is in the lower one; "" is its top. Owned by the caller. */
static char *orig_of(const struct change *change)
{
	auto_free char *above = NULL;

	if (!change->parent)
		return strdup("");
	if (change->move)
		return strdup(change->move->orig);
	above = orig_of(change->parent);
	return above ? join(above, change->name) : NULL;
}

static char *full_path(const struct change *change, const char *redirect)
{
	auto_free char *above = NULL;

	if (*redirect == '/')
		return strdup(redirect);
	above = orig_of(change->parent);
	return above ? join(above, redirect) : NULL;
}

struct move *moves_add(struct moves *moves, struct change *change, const char *redirect)
{
	struct move *move = calloc(1, sizeof(*move));

	if (!move)
		return NULL;
	*move = (struct move){ .change = change,
			       .is_relative = *redirect != '/',
			       .upper_dir = -EBADF,
			       .beside = -EBADF,
			       .dir = -EBADF };
	move->orig = full_path(change, redirect);
	if (!move->orig) {
		free(move);
		return NULL;
	}
	*moves->end = move;
	moves->end = &move->next;
	moves->count++;
	change->move = move;
	return move;
}

int moves_set(struct move *move, enum move_state state, int dir, const char *name)
{
	char *copy = strdup(name);

	if (!copy) {
		fd_close(&dir);
		return -ENOMEM;
	}
	fd_close(&move->dir);
	free(move->name);
	move->dir = dir;
	move->name = copy;
	move->state = state;
	move->in_staging = state == MOVE_LIFTED;
	return 0;
}

static bool is_it(const struct move *move, int dir, const char *name)
{
	struct handle handle;

	return handle_at(dir, name, &handle) == 0 && handle_is_same(&handle, &move->handle);
}

static int take(struct move *move, enum move_state state, int dir, const char *name)
{
	int copy = openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return copy < 0 ? -errno : moves_set(move, state, copy, name);
}

static int note_left(struct moves *moves, const char *name)
{
	struct left_over *more;
	struct left_over left;
	int r;

	if (strlen(name) >= sizeof(left.name))
		return 0; /* none of our names for what was renamed */
	r = handle_at(moves->staging, name, &left.handle);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	strcpy(left.name, name);
	more = reallocarray(moves->left, moves->left_count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	moves->left = more;
	moves->left[moves->left_count++] = left;
	return 0;
}

/* Before our run has locked it: if another merge is at work, ours ends when it wants the lock. */
static int look_into_staging(struct moves *moves, int place)
{
	auto_closedir DIR *dir = NULL;
	const struct dirent *entry;
	int copy, r;

	moves->has_looked = true;
	moves->staging = open_walk(place, STAGING_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (moves->staging < 0)
		return moves->staging == -ENOENT ? 0 : moves->staging;
	copy = openat(moves->staging, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		r = -errno;
		fd_close(&copy);
		return r;
	}
	while (errno = 0, (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		r = note_left(moves, entry->d_name);
		if (r < 0)
			return r;
	}
	return -errno;
}

static int find_staged(struct moves *moves, struct move *move, int place)
{
	size_t i;
	int r = moves->has_looked ? 0 : look_into_staging(moves, place);

	for (i = 0; r == 0 && i < moves->left_count; i++)
		if (handle_is_same(&moves->left[i].handle, &move->handle))
			return take(move, MOVE_LIFTED, moves->staging, moves->left[i].name);
	return r < 0 ? r : -ENOENT;
}

/* How much of path the directory covers: its length, or 0. */
static size_t covers(const char *directory, const char *path)
{
	size_t length = strlen(directory);

	return strncmp(directory, path, length) == 0 && path[length] == '/' ? length : 0;
}

/* The renamed directory that the way of path leads through, if any: the innermost. */
static const struct move *moved_above(const struct moves *moves, const char *path, bool only_found)
{
	const struct move *best = NULL;
	const struct move *move;
	size_t length = 0;

	for (move = moves->first; move; move = move->next) {
		size_t n = covers(move->orig, path);

		if (n <= length || move->change->kind != CHANGE_ENTER ||
		    (only_found && move->state == MOVE_SOUGHT))
			continue;
		best = move;
		length = n;
	}
	return best;
}

/* Opens the directory that path's last name is in, beginning at top or where a part of it is now. */
static int open_orig(const struct moves *moves, const char *path, int top, const char **ret_name)
{
	const struct move *above = moved_above(moves, path, true);
	auto_close int start = -EBADF;
	auto_free char *way = strdup(path + (above ? strlen(above->orig) : 0) + 1);
	char *slash = way ? strrchr(way, '/') : NULL;

	if (!way)
		return -ENOMEM;
	*ret_name = strrchr(path, '/') + 1;
	if (above) {
		start = open_walk(above->dir, above->name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
		if (start < 0)
			return start;
		top = start;
	}
	if (!slash)
		return open_walk(top, ".", O_PATH | O_DIRECTORY, 0);
	*slash = '\0';
	return open_walk(top, way, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
}

bool moves_is_copy(int dir, const char *name, const struct stat *want)
{
	struct statx have;

	if (statx(dir, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &have) < 0)
		return false;
	if (!(have.stx_mask & STATX_BTIME) || have.stx_mode != want->st_mode ||
	    have.stx_uid != want->st_uid || have.stx_gid != want->st_gid ||
	    have.stx_size != (uint64_t)want->st_size ||
	    have.stx_mtime.tv_sec != want->st_mtim.tv_sec ||
	    have.stx_mtime.tv_nsec != (uint32_t)want->st_mtim.tv_nsec)
		return false;
	return have.stx_btime.tv_sec > want->st_ctim.tv_sec ||
	       (have.stx_btime.tv_sec == want->st_ctim.tv_sec &&
		have.stx_btime.tv_nsec > (uint32_t)want->st_ctim.tv_nsec);
}

/* The overlay has noted a path and no handle: is it what can have been there? */
static bool is_data(const struct move *move, int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size == move->upper.st_size;
}

static int open_beside(const struct move *move, const char **ret_name)
{
	int copy = openat(move->beside, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	*ret_name = strrchr(move->orig, '/') + 1;
	return copy < 0 ? -errno : copy;
}

/* Where the overlay found it, if that is it still. */
static int find_at_orig(const struct moves *moves, struct move *move, int top)
{
	const char *name;
	int dir = move->is_relative && move->is_slot ? open_beside(move, &name)
						     : open_orig(moves, move->orig, top, &name);

	if (dir < 0)
		return dir == -ENOTDIR || dir == -ELOOP ? -ENOENT : dir;
	if (move->handle.size ? is_it(move, dir, name) : is_data(move, dir, name)) {
		move->at_orig = true;
		return moves_set(move, MOVE_FOUND, dir, name);
	}
	fd_close(&dir);
	return -ENOENT;
}

static int find_by_handle(struct moves *moves, struct move *move, int lower, int place)
{
	const char *name = move->change->name;
	int r;

	if (move->beside >= 0 && is_it(move, move->beside, name))
		return take(move, move->is_slot ? MOVE_PLACED : MOVE_FOUND, move->beside, name);
	r = find_staged(moves, move, place);
	return r == -ENOENT ? find_at_orig(moves, move, lower) : r;
}

/* A file that others have names of stays where it is, and so does one that is copied in any case. */
static int part_names(struct move *move)
{
	struct change *change = move->change;
	struct stat st;

	if (S_ISDIR(move->upper.st_mode))
		return 0;
	if (fstatat(move->dir, move->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ESTALE;
	if (change->kind == CHANGE_UPDATE && st.st_nlink == 1)
		return 0;
	if (change->kind == CHANGE_UPDATE)
		change->kind = move->is_slot ? CHANGE_PLACE : CHANGE_INSIDE;
	move->state = MOVE_SOURCE;
	return 0;
}

int moves_find(struct moves *moves, struct move *move, int lower, int place)
{
	bool is_known = move->handle.size;
	int r = -ENOENT;

	if (is_known)
		r = find_by_handle(moves, move, lower, place);
	if (r == -ENOENT && !S_ISDIR(move->upper.st_mode) && move->beside >= 0 &&
	    moves_is_copy(move->beside, move->change->name, &move->upper))
		r = take(move, MOVE_FOUND, move->beside, move->change->name);
	if (r == -ENOENT && !is_known)
		r = find_at_orig(moves, move, lower);
	return r < 0 ? r : part_names(move);
}

struct change *moves_slot(const struct moves *moves, const struct tree *tree, const char *orig)
{
	const struct move *above = moved_above(moves, orig, false);
	struct change *at = above ? above->change : tree->root;
	auto_free char *way = strdup(orig + (above ? strlen(above->orig) : 0) + 1);
	char *rest = way;
	char *name;

	while (at && (name = strsep(&rest, "/"))) {
		if (at->kind != CHANGE_ENTER || (at->move && at != (above ? above->change : NULL)))
			return NULL;
		at = tree_find(tree, at, name);
	}
	return way ? at : NULL;
}

int moves_settle(struct moves *moves, int staging)
{
	struct move *move;
	struct stat st;
	char name[24];
	int r = 0;

	for (move = moves->first; r == 0 && move; move = move->next) {
		if (!move->in_staging)
			continue;
		if (fstatat(staging, move->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		(void)snprintf(name, sizeof(name), "r%" PRIu64, (uint64_t)st.st_ino);
		if (strcmp(name, move->name) == 0)
			continue;
		if (renameat2(staging, move->name, staging, name, RENAME_NOREPLACE) < 0)
			return -errno;
		r = take(move, move->state, staging, name);
		move->in_staging = true;
	}
	return r;
}

bool moves_is_kept(const struct moves *moves, const char *name)
{
	const struct move *move;

	for (move = moves->first; move; move = move->next)
		if (move->in_staging && strcmp(move->name, name) == 0)
			return true;
	return false;
}
