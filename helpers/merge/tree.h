/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has to change below one lower directory, as a tree in memory: one node for each name of the
 * upper layer. It outlives a round of staging, so that the next round does only what is new.
 * Pure: knows no file.
 */
#ifndef INITFS_MERGE_TREE_H
#define INITFS_MERGE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum change_kind {
	CHANGE_ENTER, /* a directory that both layers have: its attributes change, and what is in it */
	CHANGE_PLACE, /* staged at the staging root, published by one rename */
	CHANGE_INSIDE, /* staged inside a new directory, published together with that */
	CHANGE_DELETE, /* a whiteout over a name that the lower layer has */
	CHANGE_UPDATE, /* a file whose data stays: only its attributes change */
};

/* What has to differ when an object of the upper layer was changed since. */
struct stamp {
	uint64_t ino;
	uint64_t size;
	struct timespec ctime;
	mode_t mode;
};

struct move; /* moves.h */

/* The small files and whiteouts of a directory: leaf.h. */
struct leaves {
	char *data; /* owned */
	uint32_t used;
	uint32_t room;
	uint32_t count; /* that are alive */
};

struct change {
	struct change *parent; /* NULL for the layer's root */
	struct change *children;
	struct change *previous;
	struct change *next;
	struct change *in_bucket;
	struct change *dropped; /* children that are gone, while their staged copies still stand */
	struct leaves *leaves; /* the other children of a directory; owned; NULL: none */

	struct move *move; /* what it is made of has another name in the lower layer; not owned */
	struct stamp stamp; /* of a leaf only the type: */
	uint64_t hash; /* is its stamp's, */
	bool is_hashed; /* if this is set */
	uint64_t id; /* the staged name of CHANGE_PLACE, and of what CHANGE_DELETE takes away */
	enum change_kind kind;
	bool seen; /* by the scan that is going on */
	bool certain; /* a later change cannot have the same stamp */
	bool wanted; /* not staged yet as it is now */
	bool pending; /* wanted, or something below it is */
	bool is_big; /* its data is worth a thread, or that of something below it is */
	bool has_xattrs; /* there is something to carry, or nobody has looked */
	bool staged; /* something stands at its place in the staging directory */
	bool unread; /* staged and not read back since, or something below it is */
	bool lower; /* the lower layer has the name: it is replaced */
	bool has_links; /* not the only name of its inode */
	uint64_t linked; /* the common copy that it was linked to, if it was */
	bool is_looked_at; /* a socket: whether somebody is bound to it is known */
	bool is_lost; /* somebody is, and nobody will reach him by this name */
	bool is_metacopy; /* staged with the lower file's data */
	bool has_origin; /* the overlay has copied it up */
	bool published; /* already: something else had to leave its name, or it was early */
	bool is_enterable; /* the lower directory was looked at: we may rename into it */
	bool is_settled; /* published early, with all in it that was; its lower directory is equal */
	bool is_done; /* nothing is left to be published in it */
	bool late; /* something below has to be done when all names are published */
	unsigned int protect; /* inode flags that let nobody change it: set at the very end */
	bool lower_protected; /* what has the name now has such a flag */
	bool is_apart; /* and is somebody else's, who keeps it: apart.h */
	bool is_ours; /* a directory, also if the lower layer could not be seen: we have put it there */
	const char *name; /* stands behind the node; that of a leaf, with its walk */
};

/* Regular files and others with several names: staged once, under "lID", and linked from there. */
struct link_group {
	struct link_group *in_bucket;
	struct stamp stamp;
	uint64_t id; /* another one for each copy */
	bool staged;
	bool certain; /* as that of the name for which it was copied */
	bool fresh; /* copied since the scan */
	bool counted; /* by the check of space */
};

struct tree {
	struct change *root;
	struct change **changes; /* buckets */
	size_t buckets;
	size_t count;
	struct link_group **groups;
	size_t group_buckets;
	size_t group_count;
	bool has_metacopies;
};

/* Makes an empty tree: a root that is entered. 0 or -ENOMEM; tree_free is due in any case. */
int tree_make(struct tree *tree);
void tree_free(struct tree *tree);

/* The child of that name, or NULL, also for a leaf. */
struct change *tree_find(const struct tree *tree, const struct change *parent, const char *name);

/* Makes nodes of all leaves, where others than the scan look for names. 0 or -ENOMEM: not all are. */
int tree_unpack(struct tree *tree);

/* A node of its own, everything but its name zero. free frees it. NULL: no memory. */
struct change *change_new(const char *name);

/* Adds a child (which must not exist), everything but its name and parent zero. NULL: no memory. */
struct change *tree_add(struct tree *tree, struct change *parent, const char *name);

/*
 * Takes change and all below it out of the tree. Where a copy was staged, its node moves to
 * parent->dropped, childless, so that staging removes the copy; else it is freed.
 */
void tree_drop(struct tree *tree, struct change *change);

/* Notes that the staged copy of a leaf, which goes, has to be removed. 0 or -ENOMEM. */
int tree_note_dropped(struct change *parent, const struct change *leaf);

/* Frees parent->dropped once staging has removed those copies. */
void tree_forget_dropped(struct change *parent);

/* The link group of an inode, made when there is none. NULL: no memory. */
struct link_group *tree_group(struct tree *tree, uint64_t ino);

/* A scan begins: what was copied before it is old. */
void tree_age_groups(struct tree *tree);

/* Marks what was staged just now, and the way to it, as not read back. */
void tree_unread(struct change *change);

/* Marks change as wanted, and the way to it as pending. */
void tree_want(struct change *change);

/* Marks change, and the way to it, as worth to be begun with. */
void tree_big(struct change *change);

/* Marks the way to change: something there has to be done when all names are published. */
void tree_late(struct change *change);

/* Writes the path below the layer's root ("." is the root); what is too long loses its start. */
const char *tree_path(const struct change *change, const char *name, char *path, size_t size);

bool is_same_stamp(const struct stamp *a, const struct stamp *b);

/* 64 bits that have to differ when the object was changed since: by chance they are the same never. */
uint64_t stamp_hash(const struct stamp *stamp);

bool has_stamp(const struct change *change, const struct stamp *stamp);
void set_stamp(struct change *change, const struct stamp *stamp);

#endif
