/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One upper layer and the lower directory that it belongs to. */
#ifndef INITFS_MERGE_LAYER_H
#define INITFS_MERGE_LAYER_H

#include "merge/apart.h"
#include "merge/index.h"
#include "merge/moves.h"
#include "merge/tree.h"

struct layer {
	const char *name; /* the lower directory's path, for messages: "/var" */
	unsigned int number; /* of the view, for initfs-hold */
	int upper; /* O_RDONLY directories; the lower one on a mount without other mounts in it */
	int lower;
	int anchor; /* the same directory where mounts can be attached, not owned; -EBADF: the root's */
	bool is_over; /* the lower one is not what the overlay lies over, but hides that; see adopt.h */
	struct apart *apart; /* the lower one could not be seen by the overlay; or NULL; owned */
	struct tree tree;
	struct moves moves;
	struct index index;
};

#endif
