/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes of what the scan saw. */
#include "config.h"

#include "merge/note.h"
#include "merge/bulk.h"

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
	note_protect(change, &seen->marks, &seen->lower);
	if (change->protect)
		tree_late(change);
	change->is_metacopy = seen->marks.is_metacopy && S_ISREG(seen->st.st_mode);
	if (change->is_metacopy)
		tree->has_metacopies = true;
}

struct change *note_change(struct scan *scan, struct tree *tree, struct change *parent,
			   const char *name, const struct seen *seen)
{
	struct change *change = tree_find(tree, parent, name);
	struct stamp stamp = note_stamp(&seen->st);
	enum change_kind kind = seen->form.kind;

	if (change && (change->kind != kind || change->stamp.ino != stamp.ino)) {
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
	change->seen = true;
	note_forms(tree, change, seen);
	if (!is_staged_kind(kind)) {
		change->stamp = stamp;
	} else if (change->wanted || !change->certain || !is_same_stamp(&change->stamp, &stamp)) {
		change->stamp = stamp;
		change->published = false;
		note_size(scan, tree, &seen->st, change->has_links);
		tree_want(change);
		if (S_ISREG(seen->st.st_mode) && seen->st.st_size >= BULK_MIN)
			tree_big(change);
	}
	change->certain = is_certain(&stamp.ctime);
	return change;
}

bool note_is_known(const struct change *change, const struct stat *st)
{
	struct stamp stamp = note_stamp(st);

	return change->certain && !change->wanted && is_same_stamp(&change->stamp, &stamp);
}
