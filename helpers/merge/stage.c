/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Staging. */
#include "config.h"

#include "merge/stage.h"
#include "merge/bulk.h"
#include "merge/leaf.h"
#include "merge/marks.h"
#include "merge/note.h"
#include "merge/sweep.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* One directory of the walk. */
struct level {
	struct change *change;
	int upper;
	int copy; /* its staged copy; -EBADF where the lower directory is entered */
	int lower; /* that directory, where the data of something in it is wanted; or -EBADF */
};

__attribute__((noinline)) static int failed(struct change *change, int error, const char *step,
					    struct fault *fault)
{
	char path[FAULT_OBJECT_MAX];

	return fault_at(fault, error, step, tree_path(change, NULL, path, sizeof(path)));
}

/* Where the staged copy of a child stands: below *ret_dir, under the name that is returned. */
static const char *staged_at(const struct stage *stage, const struct level *at,
			     const struct change *child, int *ret_dir, char *name)
{
	if (child->kind == CHANGE_INSIDE) {
		*ret_dir = at->copy;
		return child->name;
	}
	*ret_dir = stage->place->dir;
	return place_name('s', child->id, name);
}

static int unstage(struct stage *stage, const struct level *at, struct change *child,
		   struct fault *fault)
{
	char buffer[PLACE_NAME_MAX];
	int dir;
	const char *name = staged_at(stage, at, child, &dir, buffer);
	int r = sweep_name(dir, name, stage->place->dir);

	if (r < 0)
		return failed(child, r, "remove the staged copy of", fault);
	child->staged = false;
	return 0;
}

static int unstage_dropped(struct stage *stage, const struct level *at, struct fault *fault)
{
	struct change *gone;

	for (gone = at->change->dropped; gone; gone = gone->next) {
		int r = unstage(stage, at, gone, fault);

		if (r < 0)
			return r;
	}
	tree_forget_dropped(at->change);
	return 0;
}

/*
 * The lower object that it was copied up from, wherever that is, for what the overlay did not copy.
 * None where the layers came from somewhere else: then nobody can tell.
 */
static int find_original(struct stage *stage, const struct level *at, const struct change *child)
{
	struct handle handle;

	if (!child->has_origin || !S_ISREG(child->stamp.mode) ||
	    marks_origin(at->upper, child->name, &stage->copier->xattrs, &handle) < 0 ||
	    !handle.size)
		return -EBADF;
	return handle_open(stage->place->dir, &handle, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

/* Copies an object; in a live layer it may have gone, and the next scan is told to look again. */
static int copy(struct stage *stage, const struct level *at, struct change *child, int dir,
		const char *name, struct fault *fault)
{
	struct copier *copier = stage->copier;
	struct copy_parts parts = { .data_dir = -EBADF };
	auto_close int lower = find_original(stage, at, child);
	int r;

	parts.lower = lower;
	parts.has_xattrs = child->has_xattrs;
	parts.expected = child->is_hashed ? child : NULL;
	if (child->is_metacopy) {
		parts.data_dir = child->move ? child->move->dir : at->lower;
		parts.data_name = child->move ? child->move->name : child->name;
	}
	copier->who = child;
	r = copy_object(copier, at->upper, child->name, child->stamp.ino, child->stamp.mode, &parts,
			dir, name);
	if (r == -ESTALE && stage->is_live) {
		child->certain = false;
		return -ESTALE;
	}
	return r < 0 ? failed(child, r, copier->step, fault) : 0;
}

/* The inode's one copy at the staging root, from which all its names are linked. */
static int stage_group(struct stage *stage, const struct level *at, struct link_group *group,
		       struct change *child, struct fault *fault)
{
	char name[PLACE_NAME_MAX];
	int r;

	if (group->staged && (group->certain || group->fresh) &&
	    is_same_stamp(&group->stamp, &child->stamp))
		return 0;
	if (group->staged) {
		r = sweep_name(stage->place->dir, place_name('l', group->id, name),
			       stage->place->dir);
		if (r < 0)
			return failed(child, r, "remove the staged copy of", fault);
	}
	group->staged = true;
	group->fresh = true;
	group->certain = child->certain;
	group->id = stage->place->next_id++;
	group->stamp = child->stamp;
	r = copy(stage, at, child, stage->place->dir, place_name('l', group->id, name), fault);
	if (r < 0)
		group->stamp.ctime.tv_nsec = -1; /* what stands there is no copy of anything */
	return r;
}

static int stage_linked(struct stage *stage, struct tree *tree, const struct level *at,
			struct change *child, int dir, const char *name, struct fault *fault)
{
	struct link_group *group = tree_group(tree, child->stamp.ino);
	char from[PLACE_NAME_MAX];
	int r;

	if (!group)
		return failed(child, -ENOMEM, "note the names of", fault);
	r = stage_group(stage, at, group, child, fault);
	if (r < 0)
		return r;
	if (linkat(stage->place->dir, place_name('l', group->id, from), dir, name, 0) < 0)
		return failed(child, -errno, "link the staged copy of", fault);
	child->linked = group->id;
	return 0;
}

static int stage_object(struct stage *stage, struct tree *tree, const struct level *at,
			struct change *child, struct fault *fault)
{
	char buffer[PLACE_NAME_MAX];
	const char *name;
	int dir, r;

	if (child->staged) {
		r = unstage(stage, at, child, fault);
		if (r < 0)
			return r;
	}
	name = staged_at(stage, at, child, &dir, buffer);
	child->staged = true;
	child->linked = 0;
	if (child->has_links)
		r = stage_linked(stage, tree, at, child, dir, name, fault);
	else
		r = copy(stage, at, child, dir, name, fault);
	if (r == -ESTALE && stage->is_live)
		return 0; /* still wanted */
	if (r < 0)
		return r;
	child->wanted = false;
	tree_unread(child);
	if (++stage->names % BULK_FLUSH == 0)
		bulk_flush(stage->copier, stage->place->dir);
	return 0;
}

static int stage_level(struct stage *stage, struct tree *tree, const struct level *at,
		       struct fault *fault);

static int open_upper(struct stage *stage, const struct level *at, struct change *child,
		      struct fault *fault)
{
	int fd = open_walk(at->upper, child->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);

	if (fd >= 0)
		return fd;
	if (stage->is_live && (fd == -ENOENT || fd == -ENOTDIR)) {
		child->certain = false;
		return -ESTALE;
	}
	return failed(child, fd, "open the upper layer's", fault);
}

static int open_copy(const struct level *at, struct change *child, int dir, const char *name,
		     struct fault *fault)
{
	int fd;

	if (!child->staged && mkdirat(dir, name, 0700) < 0)
		return failed(child, -errno, "make the staged copy of", fault);
	fd = open_walk(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd < 0)
		return failed(child, fd, "open the staged copy of", fault);
	/* A copy that is being changed: what is made in it now may not inherit. */
	if (child->staged && fremovexattr(fd, "system.posix_acl_default") < 0 && errno != ENODATA &&
	    errno != EOPNOTSUPP) {
		int r = -errno;

		fd_close(&fd);
		return failed(child, r, "change the staged copy of", fault);
	}
	return fd;
}

/* A new directory: its attributes and times come last, when all in it is made. */
static int stage_directory(struct stage *stage, struct tree *tree, const struct level *at,
			   struct change *child, struct fault *fault)
{
	char buffer[PLACE_NAME_MAX];
	int dir;
	const char *name = staged_at(stage, at, child, &dir, buffer);
	bool fresh = !child->staged;
	auto_close int upper = open_upper(stage, at, child, fault);
	auto_close int to = upper < 0 ? -EBADF : open_copy(at, child, dir, name, fault);
	struct level below = { child, upper, to, -EBADF };
	int r;

	if (upper < 0 || to < 0)
		return upper < 0 ? upper : to;
	child->staged = true;
	r = stage_level(stage, tree, &below, fault);
	if (r < 0)
		return r;
	r = copy_directory(stage->copier, upper, to, fresh);
	if (r == 0)
		r = copy_times(stage->copier, upper, to);
	if (r < 0)
		return failed(child, r, stage->copier->step, fault);
	if (child->wanted)
		stage->names++;
	child->wanted = false;
	return 0;
}

static int stage_entered(struct stage *stage, struct tree *tree, const struct level *at,
			 struct change *child, struct fault *fault)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW;
	auto_close int upper = open_upper(stage, at, child, fault);
	auto_close int lower = -EBADF;
	struct level below = { child, upper, -EBADF, -EBADF };

	if (upper < 0)
		return upper;
	if (tree->has_metacopies) {
		lower = child->move ? open_walk(child->move->dir, child->move->name, flags, 0)
				    : open_walk(at->lower, child->name, flags, 0);
		if (lower < 0)
			return failed(child, lower, "open the lower layer's", fault);
		below.lower = lower;
	}
	return stage_level(stage, tree, &below, fault);
}

static int stage_child(struct stage *stage, struct tree *tree, const struct level *at,
		       struct change *child, struct fault *fault)
{
	int r = 0;

	if (child->kind == CHANGE_ENTER)
		r = stage_entered(stage, tree, at, child, fault);
	else if (child->kind == CHANGE_DELETE || child->kind == CHANGE_UPDATE)
		r = 0;
	else if (S_ISDIR(child->stamp.mode))
		r = stage_directory(stage, tree, at, child, fault);
	else
		r = stage_object(stage, tree, at, child, fault);
	if (r < 0)
		return r == -ESTALE && stage->is_live ? 0 : r;
	child->pending = false;
	return 0;
}

static int stage_level(struct stage *stage, struct tree *tree, const struct level *at,
		       struct fault *fault)
{
	struct leaf_walk leaves;
	struct change *child;
	int r = unstage_dropped(stage, at, fault);

	/* Big ones first, and what leads to them: they are filled while the walk goes on. */
	for (child = at->change->children; r == 0 && child; child = child->next)
		if (child->pending && child->is_big)
			r = stage_child(stage, tree, at, child, fault);
	for (child = at->change->children; r == 0 && child; child = child->next)
		if (child->pending && !child->is_big)
			r = stage_child(stage, tree, at, child, fault);
	for (child = leaf_first(&leaves, at->change); r == 0 && child; child = leaf_next(&leaves))
		if (child->pending)
			r = stage_child(stage, tree, at, child, fault);
	return r;
}

/* It lives as long as the index: a big file may be full, or fail, later. */
static struct change *change_of(struct indexed *file)
{
	if (!file->change)
		file->change = change_new(file->name);
	if (!file->change)
		return NULL;
	file->change->stamp = note_stamp(&file->st);
	file->change->certain = true; /* nobody works in a layer with an index: ours have none */
	file->change->has_origin = file->marks.has_origin;
	file->change->has_xattrs = file->marks.has_any;
	file->change->is_metacopy = file->marks.is_metacopy && S_ISREG(file->st.st_mode);
	return file->change;
}

int stage_alias(struct stage *stage, struct layer *layer, struct alias *alias, struct fault *fault)
{
	struct change *child = change_of(alias->of);
	/* The data of a metacopy is what the name has now. */
	struct move data = { .dir = alias->dir, .name = alias->name };
	const struct level at = { NULL, layer->index.dir, -EBADF, -EBADF };
	char name[PLACE_NAME_MAX];
	int r;

	if (!child)
		return fault_at(fault, -ENOMEM, "stage", alias->name);
	child->move = &data;
	r = stage_linked(stage, &layer->tree, &at, child, stage->place->dir,
			 place_name('s', alias->id, name), fault);
	child->move = NULL;
	stage->names += r == 0;
	return r;
}

int stage_layer(struct stage *stage, struct layer *layer, struct fault *fault)
{
	struct level root = { layer->tree.root, layer->upper, -EBADF, layer->lower };
	void *who = NULL;
	int r = stage_level(stage, &layer->tree, &root, fault);
	int bulk;

	if (r == 0)
		r = index_stage(stage, layer, fault);
	bulk = bulk_end(stage->copier, &who);

	if (r == 0 && bulk < 0)
		r = failed(who, bulk, stage->copier->step, fault);
	if (r == 0)
		layer->tree.root->pending = false;
	return r;
}
