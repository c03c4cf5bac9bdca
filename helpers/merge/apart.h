/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A layer whose lower directory could not be seen: it was laid over nothing, and when its file system is
 * mounted at last, a name may be in both. Nothing that is there is overwritten:
 *
 *	two directories		become one; that of the disk keeps its owner and mode
 *	the same twice		the disk's stays
 *	two logs		become one, in the order of their lines' times (join.h)
 *	all else		the early one gets another name, NAME.initfs-early
 *
 * A log that somebody writes to by position, not appending, is not joined: he would write into the older
 * lines. initfs-hold is told what became of each object, so that programs go on with their own.
 */
#ifndef INITFS_MERGE_APART_H
#define INITFS_MERGE_APART_H

#include "common/fault.h"
#include "merge/ours.h"
#include "merge/tree.h"

#define APART_SUFFIX ".initfs-early"
#define APART_NOTE_MAX 64

struct layer;
struct publish;

/* What became of an object. */
struct apart_item {
	struct apart_item *next;
	char *path; /* below the layer's directory, owned */
	char *as; /* its last name on the disk; NULL: the same; owned */
	uint64_t id; /* of the joined log in the staging directory */
	bool is_begun; /* what comes before the early lines stands there */
	bool is_joined; /* all does */
	bool is_known; /* initfs-hold has to know */
	struct join_point point;
	struct join_runs runs;
};

struct apart {
	unsigned int number; /* of the layer */
	int run; /* /run/initfs; not owned, like the next two */
	int timeline;
	int view; /* the connection to initfs-hold; -EBADF: not yet */
	struct ours ours;
	struct apart_item *items; /* owned */
};

/* The caller owns *ret, and frees it by apart_free. 0 or -errno with the fault. */
int apart_make(unsigned int number, int run, int timeline, struct apart **ret, struct fault *fault);
void apart_free(struct apart *apart);

/* The item of that path, made when there is none. NULL: no memory. */
struct apart_item *apart_item(struct apart *apart, const char *path);

/* Writes the name of the note about what is ours, as seen from /run/initfs. */
const char *apart_note_name(const struct apart *apart, char name[APART_NOTE_MAX]);

/*
 * The number of the object at path below the layer's directory: the view's, and the overlay's, which
 * answers behind a seal. 0 or -errno.
 */
int apart_number(const struct layer *layer, const char *path, ino_t *ret_ino);

/* Publishes a change whose name is somebody else's. lower: the directory. 0 or -errno with the fault. */
int apart_place(struct publish *publish, const struct layer *layer, struct change *change,
		int lower, struct fault *fault);

/* Notes a directory that both have, if the view shows others than its own attributes. 0 or -errno. */
int apart_enter(struct apart *apart, const struct change *change, int upper, int lower);

/* Under the seal, after publishing: tells initfs-hold. 0 or -errno with the fault. */
int apart_tell(const struct layer *layer, struct fault *fault);

#endif
