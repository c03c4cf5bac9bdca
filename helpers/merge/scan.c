/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading an upper layer. */
#include "config.h"

#include "merge/scan.h"
#include "merge/look.h"
#include "merge/note.h"
#include "merge/place.h"
#include "common/fd.h"
#include "common/openat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As much as a stream of glibc reads at once. */
#define DIRENTS_SIZE 32768

/*
 * The directory where a new name would be, or where an earlier run has published it: also for what
 * is in a new directory, which for the overlay has no lower layer. -ENOENT: there is none.
 */
static int open_beside(const struct scan_level *at)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW;
	auto_close int above = -EBADF;
	int fd;

	if (at->lower >= 0) {
		fd = openat(at->lower, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	above = open_beside(at->up);
	if (above < 0)
		return above;
	fd = open_walk(above, at->change->name, flags, 0);
	return fd == -ENOTDIR || fd == -ELOOP ? -ENOENT : fd;
}

static int fill_move(struct scan *scan, const struct scan_level *at, const char *name,
		     struct move *move, struct fault *fault)
{
	int r = marks_origin(at->upper, name, scan->buffers, &move->handle);

	if (r < 0)
		return look_refuse(at, name, r, "read the attributes of the upper layer's", NULL,
				   fault);
	if (!move->handle.size && S_ISDIR(move->upper.st_mode))
		return look_refuse(
			at, name, -EOPNOTSUPP, "carry the upper layer's",
			"it has a redirect, and no origin by which to know the directory", fault);
	move->upper_dir = openat(at->upper, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (move->upper_dir < 0)
		return look_refuse(at, NULL, -errno, "open the upper layer's", NULL, fault);
	move->beside = open_beside(at);
	if (move->beside < 0 && move->beside != -ENOENT)
		return look_refuse(at, NULL, move->beside, "open the lower layer's", NULL, fault);
	return 0;
}

/* Where it is now is looked for when the rest is known: what it was in may have been moved, too. */
static int seek(struct scan *scan, struct layer *layer, const struct scan_level *at,
		struct change *change, const struct seen *seen, struct fault *fault)
{
	const char *redirect = NULL;
	struct move *move;
	int r;

	if (scan->is_live)
		return look_refuse(at, change->name, -EOPNOTSUPP, "carry the upper layer's",
				   "the overlay was mounted with redirect_dir", fault);
	if (layer->moves.count >= MOVES_MAX)
		return look_refuse(at, change->name, -EMFILE, "carry the upper layer's",
				   "too many directories were renamed", fault);
	r = marks_redirect(at->upper, change->name, scan->buffers, &redirect);
	if (r < 0)
		return look_refuse(at, change->name, r, "read the redirect of the upper layer's",
				   NULL, fault);
	move = moves_add(&layer->moves, change, redirect);
	if (!move)
		return look_refuse(at, change->name, -ENOMEM, "note the upper layer's", NULL,
				   fault);
	move->upper = seen->st;
	move->is_slot = at->lower >= 0;
	move->depth = at->depth;
	tree_late(change);
	return fill_move(scan, at, change->name, move, fault);
}

static int scan_name(struct scan *scan, struct layer *layer, const struct scan_level *at,
		     const char *name, struct fault *fault)
{
	struct change *change;
	struct seen seen = { 0 };
	int r;

	if (fstatat(at->upper, name, &seen.st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT && scan->is_live)
			return 0;
		return look_refuse(at, name, -errno, "inspect the upper layer's", NULL, fault);
	}
	if (note_is_known(scan, layer, at->change, name, &seen.st))
		return 0;
	r = look_at(scan, at, name, &seen, fault);
	if (r < 0 || seen.form.is_nothing)
		return r;
	r = note_change(scan, layer, at->change, name, &seen, &change);
	if (r < 0)
		return look_refuse(at, name, r, "note the upper layer's", NULL, fault);
	return seen.form.is_moved ? seek(scan, layer, at, change, &seen, fault) : 0;
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* Anybody may have a file of that name in /tmp; only in the very directory is it in our way. */
static bool is_place(const struct scan *scan, int lower)
{
	struct stat st, place;

	return fstat(lower, &st) < 0 || fstat(scan->place, &place) < 0 ||
	       (st.st_ino == place.st_ino && st.st_dev == place.st_dev);
}

static int scan_entry(struct scan *scan, struct layer *layer, const struct scan_level *at,
		      const char *name, struct fault *fault)
{
	if (is_dots(name))
		return 0;
	if (!at->change->parent && strcmp(name, STAGING_NAME) == 0 && is_place(scan, at->lower))
		return look_refuse(at, name, -EEXIST, "carry the upper layer's",
				   "the merge stages under that name", fault);
	return scan_name(scan, layer, at, name, fault);
}

/*
 * Names first, directories after. Without a stream, which would take four system calls more for each
 * directory while programs wait. Not inlined, because of its buffer.
 */
__attribute__((noinline)) static int scan_names(struct scan *scan, struct layer *layer,
						const struct scan_level *at, struct fault *fault)
{
	_Alignas(struct dirent64) char buffer[DIRENTS_SIZE];
	ssize_t used = 0, n;
	int r = 0;

	/* The root's descriptor has been read by the scan before. */
	if (!at->change->parent && lseek(at->upper, 0, SEEK_SET) < 0)
		return look_refuse(at, NULL, -errno, "read the upper layer's directory", NULL,
				   fault);
	while (r == 0 && (used = getdents64(at->upper, buffer, sizeof(buffer))) > 0) {
		for (n = 0; r == 0 && n < used;) {
			const struct dirent64 *entry = (const void *)(buffer + n);

			r = scan_entry(scan, layer, at, entry->d_name, fault);
			n += entry->d_reclen;
		}
	}
	if (r < 0 || used == 0)
		return r;
	/* Removed since it was opened: the next scan of what it was in knows. */
	if (errno == ENOENT && scan->is_live) {
		at->change->certain = false;
		return 0;
	}
	return look_refuse(at, NULL, -errno, "read the upper layer's directory", NULL, fault);
}

static int drop_unseen(struct tree *tree, struct change *change)
{
	struct change *child = change->children;

	while (child) {
		struct change *next = child->next;

		if (!child->seen)
			tree_drop(tree, child);
		child = next;
	}
	leaf_end_scan(change);
	return leaf_drop_unseen(change);
}

/* Brings what is known of a directory's names up to date. */
static int scan_all_names(struct scan *scan, struct layer *layer, const struct scan_level *at,
			  struct fault *fault)
{
	struct change *child;
	int r = leaf_index_make(&scan->leaves, at->change);

	for (child = at->change->children; child; child = child->next)
		child->seen = false;
	leaf_begin_scan(at->change);
	if (r == 0)
		r = scan_names(scan, layer, at, fault);
	else
		r = look_refuse(at, NULL, r, "note the upper layer's", NULL, fault);
	leaf_index_free(&scan->leaves);
	if (r < 0)
		return r;
	r = drop_unseen(&layer->tree, at->change);
	return r < 0 ? look_refuse(at, NULL, r, "note the upper layer's", NULL, fault) : 0;
}

static int scan_level(struct scan *scan, struct layer *layer, const struct scan_level *at,
		      struct fault *fault);

/* upper_dir and the directory that the lower layer's part of it is in; -EBADF: it is a new one. */
static int descend(struct scan *scan, struct layer *layer, const struct scan_level *at,
		   struct change *child, const char *lower_name, struct fault *fault)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
	auto_close int upper = open_walk(at->upper, child->name, flags, 0);
	auto_close int lower = -EBADF;
	struct scan_level below = { at, child, upper, -EBADF, at->depth + 1 };

	if (upper < 0 && scan->is_live && (upper == -ENOENT || upper == -ENOTDIR)) {
		child->certain = false;
		return 0;
	}
	if (upper < 0)
		return look_refuse(&below, NULL, upper, "open the upper layer's", NULL, fault);
	if (child->kind == CHANGE_ENTER) {
		lower = open_walk(at->lower, lower_name, flags, 0);
		if (lower < 0)
			return look_refuse(&below, NULL, lower, "open the lower layer's", NULL,
					   fault);
		below.lower = lower;
	}
	return scan_level(scan, layer, &below, fault);
}

static int scan_level(struct scan *scan, struct layer *layer, const struct scan_level *at,
		      struct fault *fault)
{
	struct change *child;
	int r;

	if (at->depth > SCAN_DEPTH_MAX)
		return look_refuse(at, NULL, -ENAMETOOLONG, "carry the upper layer's",
				   "directories are nested too deeply", fault);
	/* Nobody but us changes the lower layer: once is enough, and not under the seal. */
	if (at->lower >= 0 && !at->change->is_enterable) {
		r = look_enterable(scan, at, fault);
		if (r < 0)
			return r;
		at->change->is_enterable = true;
	}
	r = scan_all_names(scan, layer, at, fault);
	if (r < 0)
		return r;
	r = look_projects(at, fault);
	if (r < 0)
		return r;
	for (child = at->change->children; child; child = child->next) {
		if (!S_ISDIR(child->stamp.mode) || child->kind == CHANGE_DELETE || child->move)
			continue;
		r = descend(scan, layer, at, child, child->name, fault);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What is in a directory that was renamed, or the size of data that is copied. */
static int scan_moved(struct scan *scan, struct layer *layer, struct move *move,
		      struct fault *fault)
{
	struct scan_level at = { NULL, move->change->parent, move->upper_dir, move->dir,
				 move->depth };
	struct statx st;
	int r = look_below(&at, move->name, &st, fault);

	if (r < 0)
		return r;
	move->change->lower_protected = note_protecting(&st);
	if (S_ISDIR(move->upper.st_mode))
		return descend(scan, layer, &at, move->change, move->name, fault);
	if (move->state == MOVE_SOURCE && !move->change->wanted) {
		note_size(scan, &layer->tree, &move->upper, false);
		tree_want(move->change);
	}
	return 0;
}

/* It stays sought when it cannot be reached yet. */
static int find_one(struct scan *scan, struct layer *layer, struct move *move, struct fault *fault)
{
	int r = moves_find(&layer->moves, move, layer->lower, scan->place);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return look_refuse(&(struct scan_level){ .change = move->change }, NULL, r,
				   "find in the lower layer", move->orig, fault);
	return scan_moved(scan, layer, move, fault);
}

/* As long as one is found: it may lead to others. */
static int find_moved(struct scan *scan, struct layer *layer, struct fault *fault)
{
	struct move *move, *missing;
	bool again = layer->moves.count > 0;

	missing = NULL;
	/* Their old names are looked for among all others. */
	if (again && tree_unpack(&layer->tree) < 0)
		return fault_at(fault, -ENOMEM, "note the changes of", layer->name);
	while (again) {
		again = false;
		missing = NULL;
		for (move = layer->moves.first; move; move = move->next) {
			int r = 1;

			if (move->state == MOVE_SOUGHT)
				r = find_one(scan, layer, move, fault);
			if (r < 0)
				return r;
			if (move->state == MOVE_SOUGHT)
				missing = move;
			else if (r == 0)
				again = true;
		}
	}
	if (!missing)
		return 0;
	return look_refuse(&(struct scan_level){ .change = missing->change }, NULL, -ESTALE,
			   "find in the lower layer", missing->orig, fault);
}

int scan_layer(struct scan *scan, struct layer *layer, struct fault *fault)
{
	struct scan_level root = { NULL, layer->tree.root, layer->upper, layer->lower, 0 };
	struct marks marks = { 0 };
	struct statx st;
	int r;

	scan->apart = layer->apart;
	r = look_marks(scan, &root, ".", &marks, fault);

	if (r < 0)
		return r;
	tree_age_groups(&layer->tree);
	if (statx(layer->lower, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) < 0)
		return look_refuse(&root, NULL, -errno, "inspect the lower layer's", NULL, fault);
	note_protect(layer->tree.root, &marks, &st);
	/* Only with an index does the overlay check its upper layer's root, too. */
	if (marks.has_origin && !layer->index.is_known)
		return look_refuse(
			&root, NULL, -EOPNOTSUPP, "carry the upper layer's",
			"the overlay was mounted with index=on, and --work does not say where",
			fault);
	r = scan_level(scan, layer, &root, fault);
	if (r == 0)
		r = find_moved(scan, layer, fault);
	return r < 0 ? r : index_scan(scan, layer, fault);
}
