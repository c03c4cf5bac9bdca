/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the scan saw of a name, brought into the tree of changes. Touches no file. */
#ifndef INITFS_MERGE_NOTE_H
#define INITFS_MERGE_NOTE_H

#include "merge/marks.h"
#include "merge/scan.h"

#include <sys/stat.h>

/* What is known of a name of the upper layer. */
struct seen {
	struct stat st;
	struct marks marks;
	struct form form;
	bool has_lower;
	struct statx lower;
	bool is_apart; /* see tree.h */
	bool is_ours;
};

/*
 * Unchanged since the last round, its marks too: what makes the round under the seal short. It is
 * noted as seen.
 */
bool note_is_known(struct scan *scan, struct layer *layer, struct change *parent, const char *name,
		   const struct stat *st);

/*
 * Brings what is known of a name up to date, or makes it known. 0 or -ENOMEM; *ret_node is its node
 * in the tree, or NULL where it is a leaf.
 */
int note_change(struct scan *scan, struct layer *layer, struct change *parent, const char *name,
		const struct seen *seen, struct change **ret_node);

/* What has to differ when the object was changed since. */
struct stamp note_stamp(const struct stat *st);

/* Counts what its staged copy will take. */
void note_size(struct scan *scan, struct tree *tree, const struct stat *st, bool has_links);

/* The flags of flags.h that a statx shows. */
unsigned int note_protecting(const struct statx *st);

/* A copy-up takes these flags along; what the overlay did not copy up keeps those that it has. */
void note_protect(struct change *change, const struct marks *marks, const struct statx *lower);

#endif
