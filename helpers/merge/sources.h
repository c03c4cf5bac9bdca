/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an attempt works on: each layer that is not on the disk yet, and the file systems they go to. */
#ifndef INITFS_MERGE_SOURCES_H
#define INITFS_MERGE_SOURCES_H

#include "common/fault.h"
#include "merge/list.h"
#include "merge/targets.h"

struct sources {
	const struct list *list; /* not owned, like run and timeline */
	int run; /* /run/initfs */
	int timeline;
	bool is_inner; /* only those in another view: the others follow */
	struct layer layers[LIST_MAX];
	size_t count;
	struct targets targets;
};

/* Opens them all; none, where all are on the disk. sources_close is due in any case. 0 or -errno. */
int sources_open(struct sources *sources, struct fault *fault);
/*
 * The same, for layers of the root alone, whose file system disk is another mount of: its root directory,
 * owned from here on.
 */
int sources_open_at(struct sources *sources, int disk, struct fault *fault);
/* What was published under another name is told to initfs-hold by this connection. */
void sources_connect(struct sources *sources, int view);

/* Before the first name is published: see since.h. 0 or -errno. */
int sources_note_publish(const struct sources *sources, struct fault *fault);

/* Tells it; after publishing. 0 or -errno. */
int sources_tell(const struct sources *sources, struct fault *fault);

void sources_close(struct sources *sources);

#endif
