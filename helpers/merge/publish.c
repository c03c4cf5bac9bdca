/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Publishing. */
#include "config.h"

#include "merge/publish.h"
#include "merge/flags.h"
#include "merge/leaf.h"
#include "merge/lift.h"
#include "merge/project.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* One directory that is entered, in both layers; or a new one, when it is published. */
struct level {
	struct change *change;
	int upper;
	int lower;
};

typedef int walk_fn(struct publish *publish, const struct level *at, struct fault *fault);

__attribute__((noinline)) static int failed(const struct change *change, int error,
					    const char *step, struct fault *fault)
{
	char path[FAULT_OBJECT_MAX];

	return fault_at(fault, error, step, tree_path(change, NULL, path, sizeof(path)));
}

/* Opens a directory below at in both layers and does walk there. */
static int enter(struct publish *publish, const struct level *at, struct change *child,
		 walk_fn *walk, struct fault *fault)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
	auto_close int upper = open_walk(at->upper, child->name, flags, 0);
	auto_close int lower = open_walk(at->lower, child->name, flags, 0);
	struct level below = { child, upper, lower };

	if (upper < 0)
		return failed(child, upper, "open the upper layer's", fault);
	if (lower < 0)
		return failed(child, lower, "open the lower layer's", fault);
	return walk(publish, &below, fault);
}

/* A new directory with something in it that is not staged: it is entered once it is published. */
static bool is_late(const struct change *change)
{
	return !change->is_apart && S_ISDIR(change->stamp.mode) &&
	       (change->late || change->protect) &&
	       (change->kind == CHANGE_PLACE || change->kind == CHANGE_INSIDE);
}

static int enter_all(struct publish *publish, const struct level *at, walk_fn *walk,
		     struct fault *fault)
{
	struct change *child;
	int r = 0;

	for (child = at->change->children; r == 0 && child; child = child->next)
		if ((child->kind == CHANGE_ENTER && !child->is_done) || is_late(child))
			r = enter(publish, at, child, walk, fault);
	return r;
}

static bool is_entered(const struct change *change)
{
	return change->kind == CHANGE_ENTER;
}

/* A directory of the disk that the overlay did not know: it stays as it is. */
static bool is_met(const struct publish *publish, const struct change *change)
{
	return publish->layer->apart && is_entered(change) && !change->is_ours;
}

static int meet(struct publish *publish, const struct level *at, struct fault *fault)
{
	int r = apart_enter(publish->layer->apart, at->change, at->upper, at->lower);

	return r < 0 ? failed(at->change, r, "inspect", fault) : 0;
}

/* What it is now lets nobody change it, and for us it has to. */
static int lift_flags(struct publish *publish, const struct change *change, int dir,
		      const char *name, struct fault *fault)
{
	int r = change->lower_protected ? flags_lift(publish->place->dir, dir, name) : 0;

	return r < 0 ? failed(change, r, "take the flags off", fault) : 0;
}

/* Gives a directory of the disk what was changed in the upper one. */
static int enter_directory(struct publish *publish, const struct level *at, struct fault *fault)
{
	int r;

	if (is_met(publish, at->change))
		return meet(publish, at, fault);
	r = lift_flags(publish, at->change, at->lower, ".", fault);
	if (r < 0)
		return r;
	r = copy_directory(publish->copier, at->upper, at->lower, false);
	return r < 0 ? failed(at->change, r, publish->copier->step, fault) : 0;
}

int publish_put(struct publish *publish, int lower, const char *name, const char *staged,
		unsigned int flags)
{
	int from = publish->place->dir;
	int r = lift_rename(publish->place, from, staged, lower, name, flags);

	if (r != -EXDEV)
		return r;
	r = project_give(lower, from, staged);
	return r < 0 ? r : lift_rename(publish->place, from, staged, lower, name, flags);
}

/*
 * An exchange also where a plain rename would replace: what programs still have open, and what
 * another name may be about to show, is deleted when the disk has all that is new, not before.
 */
static int place(struct publish *publish, const struct level *at, struct change *child,
		 struct fault *fault)
{
	/* What the scan saw is tried first; an earlier run may have published the name since. */
	const unsigned int first = child->lower ? RENAME_EXCHANGE : RENAME_NOREPLACE;
	const unsigned int second = child->lower ? RENAME_NOREPLACE : RENAME_EXCHANGE;
	char staged[PLACE_NAME_MAX];
	int from = publish->place->dir;
	int old, r;

	if (child->published)
		return 0;
	(void)place_name('s', child->id, staged);
	old = beside_look(publish->beside, at->lower, child->name);
	if (old < 0)
		return failed(child, old, "look at what is there instead of", fault);
	r = publish_put(publish, at->lower, child->name, staged, first);
	if (r == -EEXIST || r == -ENOENT)
		r = publish_put(publish, at->lower, child->name, staged, second);
	if (r < 0)
		return failed(child, r, "publish", fault);
	r = old ? beside_put(publish->beside, from, staged, at->lower, child->name) : 0;
	if (r < 0)
		return failed(child, r, "keep what was there instead of", fault);
	publish->names++;
	return 0;
}

/* A file whose data stays: its attributes, and where it was renamed its name. */
static int update(struct publish *publish, const struct level *at, struct change *child,
		  struct fault *fault)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
	auto_close int from = open_walk(at->upper, child->name, flags | O_NOATIME, 0);
	auto_close int to = -EBADF;
	int r = child->move ? lift_place(publish, child->move, at->lower, fault) : 0;

	if (r == 0)
		r = lift_flags(publish, child, at->lower, child->name, fault);
	if (r < 0)
		return r;
	to = open_walk(at->lower, child->name, flags | O_NOATIME, 0);
	if (from < 0 || to < 0)
		return failed(child, from < 0 ? from : to, "open", fault);
	r = copy_directory(publish->copier, from, to, false);
	if (r == 0)
		r = copy_times(publish->copier, from, to);
	return r < 0 ? failed(child, r, publish->copier->step, fault) : 0;
}

static int place_name_of(struct publish *publish, const struct level *at, struct change *child,
			 struct fault *fault)
{
	switch (child->kind) {
	case CHANGE_PLACE:
		return child->is_apart
			       ? apart_place(publish, publish->layer, child, at->lower, fault)
			       : place(publish, at, child, fault);
	case CHANGE_UPDATE:
		return update(publish, at, child, fault);
	case CHANGE_ENTER:
		return child->move ? lift_place(publish, child->move, at->lower, fault) : 0;
	case CHANGE_INSIDE:
	case CHANGE_DELETE:
		break;
	}
	return 0;
}

static int place_names(struct publish *publish, const struct level *at, struct fault *fault)
{
	struct leaf_walk leaves;
	struct change *child;
	int r = 0;

	if (is_entered(at->change))
		r = enter_directory(publish, at, fault);
	for (child = at->change->children; r == 0 && child; child = child->next)
		r = place_name_of(publish, at, child, fault);
	for (child = leaf_first(&leaves, at->change); r == 0 && child; child = leaf_next(&leaves))
		r = place_name_of(publish, at, child, fault);
	return r < 0 ? r : enter_all(publish, at, place_names, fault);
}

static int delete (struct publish *publish, const struct level *at, struct change *child,
		   struct fault *fault)
{
	char name[PLACE_NAME_MAX];
	int old, r;

	(void)place_name('d', child->id, name);
	old = beside_look(publish->beside, at->lower, child->name);
	if (old < 0)
		return failed(child, old, "look at what is there instead of", fault);
	r = lift_rename(publish->place, at->lower, child->name, publish->place->dir, name,
			RENAME_NOREPLACE);
	if (r < 0 && r != -ENOENT)
		return failed(child, r, "delete", fault);
	if (r == 0 && old)
		r = beside_put(publish->beside, publish->place->dir, name, at->lower, child->name);
	if (r < 0 && r != -ENOENT)
		return failed(child, r, "keep what was there instead of", fault);
	publish->names++;
	return 0;
}

/* An exchange writes a moved directory's "..", and XFS takes that for a change of the directory. */
static int placed_times(struct publish *publish, const struct level *at, struct change *child,
			struct fault *fault)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
	auto_close int upper = open_walk(at->upper, child->name, flags, 0);
	auto_close int lower = open_walk(at->lower, child->name, flags, 0);
	int r = upper < 0 ? upper : lower;

	if (r < 0)
		return failed(child, r, "open the published directory", fault);
	r = copy_times(publish->copier, upper, lower);
	return r < 0 ? failed(child, r, publish->copier->step, fault) : 0;
}

/* The very last for each object: from now on nobody changes it. */
static int protect(const struct level *at, const struct change *child, struct fault *fault)
{
	int r;

	if (child->is_apart || S_ISDIR(child->stamp.mode) ||
	    (!child->protect && !child->lower_protected) || child->kind == CHANGE_DELETE ||
	    (!child->protect && child->kind != CHANGE_UPDATE))
		return 0;
	r = flags_protect_at(at->lower, child->name, child->protect);
	return r < 0 ? failed(child, r, "set the flags of", fault) : 0;
}

static int finish_level(struct publish *publish, const struct level *at, struct fault *fault)
{
	const struct change *change = at->change;
	int r = is_met(publish, change) ? 0 : copy_times(publish->copier, at->upper, at->lower);

	if (r < 0)
		return failed(change, r, publish->copier->step, fault);
	if (!change->protect && !change->lower_protected)
		return 0;
	r = flags_protect(at->lower, change->protect);
	return r < 0 ? failed(change, r, "set the flags of", fault) : 0;
}

static int delete_names(struct publish *publish, const struct level *at, struct fault *fault)
{
	struct leaf_walk leaves;
	struct change *child;
	int r = enter_all(publish, at, delete_names, fault);

	for (child = at->change->children; r == 0 && child; child = child->next) {
		if (child->kind == CHANGE_DELETE)
			r = delete (publish, at, child, fault);
		else if (child->kind == CHANGE_PLACE && S_ISDIR(child->stamp.mode) &&
			 !is_late(child) && !child->is_apart)
			r = placed_times(publish, at, child, fault);
		if (r == 0)
			r = protect(at, child, fault);
	}
	for (child = leaf_first(&leaves, at->change); r == 0 && child; child = leaf_next(&leaves))
		if (child->kind == CHANGE_DELETE)
			r = delete (publish, at, child, fault);
	return r < 0 ? r : finish_level(publish, at, fault);
}

static bool is_published(const struct change *change)
{
	return change->kind == CHANGE_PLACE && change->published;
}

/* What was published early, and has not changed since. Returns whether there is nothing to do below. */
static bool note_done(struct change *change)
{
	struct leaf_walk leaves;
	struct change *child;
	bool is_done = change->is_settled;

	for (child = change->children; child; child = child->next)
		is_done = (child->kind == CHANGE_ENTER ? note_done(child) : is_published(child)) &&
			  is_done;
	for (child = is_done ? leaf_first(&leaves, change) : NULL; child;
	     child = leaf_next(&leaves))
		is_done = is_published(child) && is_done;
	change->is_done = is_done;
	return is_done;
}

/* Programs must not see a link more than there are names, so the common copy's own name goes. */
static int drop_group_names(struct publish *publish, struct layer *layer, struct fault *fault)
{
	const struct link_group *group;
	char name[PLACE_NAME_MAX];
	size_t i;

	for (i = 0; i < layer->tree.group_buckets; i++)
		for (group = layer->tree.groups[i]; group; group = group->in_bucket)
			if (group->staged &&
			    unlinkat(publish->place->dir, place_name('l', group->id, name), 0) <
				    0 &&
			    errno != ENOENT)
				return fault_at(fault, -errno, "unlink the staged copy", name);
	return 0;
}

int publish_layer(struct publish *publish, struct layer *layer, struct fault *fault)
{
	struct level root = { layer->tree.root, layer->upper, layer->lower };
	int r = lift_all(publish, layer, fault);

	publish->layer = layer;
	(void)note_done(layer->tree.root); /* the root itself is entered in any case */
	if (r == 0)
		r = place_names(publish, &root, fault);
	if (r == 0)
		r = index_publish(publish, layer, fault);
	if (r == 0)
		r = drop_group_names(publish, layer, fault);
	if (r == 0)
		r = delete_names(publish, &root, fault);
	return r < 0 ? r : index_protect(layer, fault);
}
