/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an overlay has renamed without copying it (redirect_dir, metacopy): finding where it is now.
 * Before the merge that is the name that the overlay noted. After an interrupted merge it may be in
 * the staging directory or at its new name, and the old name may be somebody else's. So it is
 * known by its file handle, which the overlay noted too, and which no rename changes.
 */
#ifndef INITFS_MERGE_MOVES_H
#define INITFS_MERGE_MOVES_H

#include "common/fault.h"
#include "merge/handle.h"
#include "merge/tree.h"

#include <sys/stat.h>

/* Each costs three descriptors until the merge is done. */
#define MOVES_MAX 3000

enum move_state {
	MOVE_SOUGHT,
	MOVE_FOUND, /* to be taken from there */
	MOVE_LIFTED, /* in the staging directory */
	MOVE_PLACED, /* at its name already */
	MOVE_SOURCE, /* stays: only its data is wanted, for a copy */
};

struct move {
	struct move *next;
	struct change *change;
	char *orig; /* its path in the lower layer, "/a/b"; owned */
	bool is_relative; /* noted as a name beside its new one */
	enum move_state state;
	struct handle handle; /* size 0: the overlay has noted none */
	struct stat upper; /* of the object in the upper layer */
	int upper_dir; /* directories, owned: where it is in the upper layer, */
	int beside; /* where its new name is or was published by an earlier run, or -EBADF, */
	bool is_slot; /* and it is no earlier run's */
	bool in_staging;
	bool at_orig; /* it has its old name still */
	int dir; /* and where it is now, */
	char *name; /* under which name; owned */
	unsigned int depth;
	bool visiting; /* by the one that is lifting */
};

/* What an interrupted run left in the staging directory. */
struct left_over {
	struct handle handle;
	char name[24];
};

struct moves {
	struct move *first;
	struct move **end;
	size_t count;
	int staging; /* -EBADF: there is none, or nobody has looked */
	bool has_looked;
	struct left_over *left;
	size_t left_count;
};

void moves_make(struct moves *moves);
void moves_free(struct moves *moves);

/*
 * Adds what change is made of, as it was noted in redirect. Its upper_dir, beside, handle and upper
 * are the caller's to fill. NULL: no memory.
 */
struct move *moves_add(struct moves *moves, struct change *change, const char *redirect);

/*
 * Looks for it: in the lower layer whose top is lower, in the staging directory below place, and
 * where its new name leads. 0 and its state, -ENOENT when it is not there (yet), or -errno.
 */
int moves_find(struct moves *moves, struct move *move, int lower, int place);

/*
 * The overlay notes no handle of a file with several names. A copy that an earlier run published is
 * known by having all that is to be seen of want from outside, and by being younger than it.
 */
bool moves_is_copy(int dir, const char *name, const struct stat *want);

/* Pure. The change at a path of the lower layer, where the upper layer has one. Or NULL. */
struct change *moves_slot(const struct moves *moves, const struct tree *tree, const char *orig);

/* Notes where it is now; closes what was there. Takes dir over, copies name. 0 or -ENOMEM. */
int moves_set(struct move *move, enum move_state state, int dir, const char *name);

/* Gives those in the staging directory names that no number of this run can be. 0 or -errno. */
int moves_settle(struct moves *moves, int staging);

/* Is the name in the staging directory one that has to outlive its emptying? */
bool moves_is_kept(const struct moves *moves, const char *name);

#endif
