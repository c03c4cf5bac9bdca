/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes of what the scan saw. */
#include "config.h"

#include "merge/note.h"
#include "merge/bulk.h"
#include "merge/leaf.h"

#include <errno.h>
#include <linux/fs.h>
#include <time.h>

/*
 * Before Linux 6.13 a ctime is that of the last timer tick, 10 ms ago at HZ=100: what is changed
 * again within the tick keeps its ctime. Younger than two ticks is therefore not certain.
 */
#define TICKS_NS 20000000LL

/* Younger or older than now by less than two ticks; a clock that was set may step over it. */
static bool is_certain(const struct timespec *ctime)
{
	struct timespec now = { 0 };
	long long apart;

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &now); /* cannot fail since Linux 2.6.32 */
	if (now.tv_sec - ctime->tv_sec > 1 || ctime->tv_sec - now.tv_sec > 1)
		return true;
	apart = (now.tv_sec - ctime->tv_sec) * 1000000000LL + now.tv_nsec - ctime->tv_nsec;
	return apart > TICKS_NS || apart < -TICKS_NS;
}

struct stamp note_stamp(const struct stat *st)
{
	return (struct stamp){
		.ino = st->st_ino,
		.size = S_ISDIR(st->st_mode) ? 0 : (uint64_t)st->st_size,
		.ctime = st->st_ctim,
		.mode = st->st_mode,
	};
}

void note_size(struct scan *scan, struct tree *tree, const struct stat *st, bool has_links)
{
	scan->names++;
	if (has_links) {
		struct link_group *group = tree_group(tree, st->st_ino);

		if (group && group->counted)
			return;
		if (group)
			group->counted = true;
	}
	scan->bytes += (uint64_t)st->st_blocks * 512;
}

static bool is_staged_kind(enum change_kind kind)
{
	return kind == CHANGE_PLACE || kind == CHANGE_INSIDE;
}

unsigned int note_protecting(const struct statx *st)
{
	unsigned int flags = 0;

	if (st->stx_attributes & STATX_ATTR_IMMUTABLE)
		flags |= FS_IMMUTABLE_FL;
	if (st->stx_attributes & STATX_ATTR_APPEND)
		flags |= FS_APPEND_FL;
	return flags;
}

void note_protect(struct change *change, const struct marks *marks, const struct statx *lower)
{
	unsigned int below = note_protecting(lower);

	change->lower_protected = below;
	change->protect = marks->protect;
	if (!marks->has_origin && (change->kind == CHANGE_ENTER || change->kind == CHANGE_UPDATE))
		change->protect |= below;
}

static void note_forms(struct tree *tree, struct change *change, const struct seen *seen)
{
	change->lower = seen->has_lower;
	change->has_links = !S_ISDIR(seen->st.st_mode) && seen->st.st_nlink > 1;
	change->has_origin = seen->marks.has_origin;
	change->has_xattrs = seen->marks.has_any;
	change->is_apart = seen->is_apart;
	change->is_ours = seen->is_ours;
	note_protect(change, &seen->marks, &seen->lower);
	if (change->protect)
		tree_late(change);
	change->is_metacopy = seen->marks.is_metacopy && S_ISREG(seen->st.st_mode);
	if (change->is_metacopy)
		tree->has_metacopies = true;
}

/*
 * The common copy is made again if the file has changed, or may have: then all names have to go to the
 * new one, those too at which the scan had looked after the change.
 */
static bool is_linked(struct tree *tree, const struct change *change)
{
	struct link_group *group;

	if (!change->linked)
		return true;
	group = tree_group(tree, change->stamp.ino);
	return group && group->certain && group->id == change->linked;
}

static void note_news(struct scan *scan, struct tree *tree, struct change *change,
		      const struct seen *seen)
{
	const struct stamp stamp = note_stamp(&seen->st);

	change->seen = true;
	change->is_settled = false;
	note_forms(tree, change, seen);
	if (!is_staged_kind(change->kind)) {
		set_stamp(change, &stamp);
	} else if (change->wanted || !change->certain || !has_stamp(change, &stamp) ||
		   !is_linked(tree, change)) {
		set_stamp(change, &stamp);
		change->published = false;
		note_size(scan, tree, &seen->st, change->has_links);
		if (seen->is_apart) /* they may be joined */
			scan->bytes += seen->lower.stx_blocks * 512;
		tree_want(change);
		if (S_ISREG(seen->st.st_mode) && seen->st.st_size >= BULK_MIN)
			tree_big(change);
	}
	change->certain = is_certain(&stamp.ctime);
}

/* Nothing but what fits into a leaf has to be known of it. */
static bool is_leaf(const struct scan *scan, const struct layer *layer, const struct seen *seen)
{
	if (layer->moves.count || layer->index.is_known || *scan->next_id > UINT32_MAX ||
	    seen->form.is_moved || seen->is_apart || seen->marks.protect ||
	    note_protecting(&seen->lower))
		return false;
	if (seen->form.kind == CHANGE_DELETE)
		return true;
	return S_ISREG(seen->st.st_mode) && seen->st.st_nlink == 1 && seen->st.st_size < BULK_MIN &&
	       !seen->marks.is_metacopy && is_staged_kind(seen->form.kind);
}

/* 1: it is a leaf, and up to date. 0: it is none (any more). -ENOMEM. */
static int note_leaf(struct scan *scan, struct layer *layer, struct change *parent,
		     const char *name, const struct seen *seen)
{
	struct leaf_walk walk;
	struct change *leaf = leaf_open(&walk, &scan->leaves, parent, name);
	bool fits = is_leaf(scan, layer, seen);

	if (leaf && (!fits || leaf->kind != seen->form.kind)) {
		if (leaf_drop(&walk) < 0)
			return -ENOMEM;
		leaf = NULL;
	}
	if (!fits || (!leaf && tree_find(&layer->tree, parent, name)))
		return 0;
	if (!leaf) {
		leaf = leaf_add(&walk, &scan->leaves, parent, name, seen->form.kind,
				(*scan->next_id)++);
		if (!leaf)
			return -ENOMEM;
	}
	note_news(scan, &layer->tree, leaf, seen);
	leaf_close(&walk);
	return 1;
}

static struct change *note_node(struct scan *scan, struct tree *tree, struct change *parent,
				const char *name, const struct seen *seen)
{
	struct change *change = tree_find(tree, parent, name);
	enum change_kind kind = seen->form.kind;

	if (change && (change->kind != kind || change->stamp.ino != seen->st.st_ino)) {
		tree_drop(tree, change);
		change = NULL;
	}
	if (!change) {
		change = tree_add(tree, parent, name);
		if (!change)
			return NULL;
		change->kind = kind;
		change->id = (*scan->next_id)++;
	}
	note_news(scan, tree, change, seen);
	return change;
}

int note_change(struct scan *scan, struct layer *layer, struct change *parent, const char *name,
		const struct seen *seen, struct change **ret_node)
{
	int r = note_leaf(scan, layer, parent, name, seen);

	*ret_node = NULL;
	if (r)
		return r < 0 ? r : 0;
	*ret_node = note_node(scan, &layer->tree, parent, name, seen);
	return *ret_node ? 0 : -ENOMEM;
}

static bool is_known(struct tree *tree, struct change *change, const struct stat *st)
{
	struct stamp stamp = note_stamp(st);

	if (!change->certain || change->wanted || !has_stamp(change, &stamp) ||
	    !is_linked(tree, change))
		return false;
	change->seen = true;
	return true;
}

bool note_is_known(struct scan *scan, struct layer *layer, struct change *parent, const char *name,
		   const struct stat *st)
{
	struct leaf_walk walk;
	struct change *known = leaf_open(&walk, &scan->leaves, parent, name);
	bool is_leaf = known;
	bool r;

	if (!known)
		known = tree_find(&layer->tree, parent, name);
	r = known && is_known(&layer->tree, known, st);
	if (is_leaf)
		leaf_close(&walk);
	return r;
}
