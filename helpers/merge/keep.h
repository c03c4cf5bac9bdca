/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets that somebody is bound to, and FIFOs that somebody has open: they are their inode, which
 * is the view's and cannot be moved. The directory that holds one stays what it was: a clone of the
 * view's directory is attached over the disk's, and initfs-hold takes it away when nothing in it is
 * in use any more. Directly in a protected directory that is done with the one name instead, so that
 * the rest of it can go.
 */
#ifndef INITFS_MERGE_KEEP_H
#define INITFS_MERGE_KEEP_H

#include "common/fault.h"
#include "merge/layer.h"

#include <stdbool.h>
#include <stddef.h>

#define KEEP_MAX 256
/* A user who makes more sockets than anybody needs must not keep others' from being kept. */
#define KEEP_OF_USER 32
#define KEEP_FOR_ROOT 64
#define KEEP_NAMES_MAX 200
/* Longer paths are not kept: a request to initfs-hold has to hold them. */
#define KEEP_PATH_MAX 2048

struct kept {
	const struct layer *layer;
	char *path; /* below the layer's directory, owned: of a directory, or of the one object */
	char names[KEEP_NAMES_MAX]; /* what is in use, for people */
	ino_t ino; /* the view's and the overlay's */
	uid_t owner; /* of the first that was found in use there */
	int place; /* O_PATH in the view, owned */
	int clone; /* attached over the disk's, owned; -EBADF until then */
};

struct keep {
	struct kept list[KEEP_MAX];
	size_t count;
};

/* Pure: is there room for one more of that user's? A part of it all is root's, the rest is shared. */
bool keep_has_room(const struct keep *keep, uid_t owner);

/*
 * Makes the list of what is in use now. Before the seal: who asks the view waits behind it. The
 * layers were scanned. 0 or -errno with the fault; keep_free is due in any case.
 */
int keep_find(struct keep *keep, const struct layer *layers, size_t count, struct fault *fault);

/*
 * Under the seal, after the last scan: was something bound, moved or linked since? 0, or -EAGAIN
 * with the fault; run is /run/initfs.
 */
int keep_check(const struct keep *keep, const struct layer *layers, size_t count, int run,
	       struct fault *fault);

/* In its place where it has failed too often: what is new or has moved will be a dead name. */
void keep_settle(struct keep *keep, const struct layer *layers, size_t count, int run);

/*
 * Under the seal, after publishing: attaches the clones and tells initfs-hold (view, the
 * connection) about them. root is a directory of the root's own mount.
 */
int keep_attach(struct keep *keep, int root, int view, struct fault *fault);
void keep_undo(struct keep *keep);

/* Notes in the timeline what stays (socket.kept), and what could not (merge.socket). */
void keep_report(const struct keep *keep, const struct layer *layers, size_t count, int timeline);

void keep_free(struct keep *keep);

#endif
