/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking back what the kernel was told of a view. */
#include "config.h"

#include "hold/invalidate.h"

#include "common/fd.h"

#include <fuse3/fuse_lowlevel.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

struct invalidation {
	struct fuse_session *session;
	size_t count;
	fuse_ino_t numbers[];
};

static int note_number(struct node *node, void *data)
{
	struct invalidation *all = data;

	/* The root's number is 1, whatever its address. */
	all->numbers[all->count] = all->count ? (fuse_ino_t)(uintptr_t)node : FUSE_ROOT_ID;
	all->count++;
	return 0;
}

/*
 * A node may be forgotten while this runs, and its number be another one's: then a node is
 * invalidated that need not be. Errors only say that the kernel does not know it any more.
 */
static void *run(void *arg)
{
	auto_free struct invalidation *all = arg;
	size_t i;

	for (i = 0; i < all->count; i++)
		(void)fuse_lowlevel_notify_inval_inode(all->session, all->numbers[i], 0, 0);
	return NULL;
}

void invalidate_view(struct view *view)
{
	struct invalidation *all;
	pthread_t thread;

	pthread_mutex_lock(&view->tree.lock);
	all = malloc(sizeof(*all) + (view->tree.nodes + 1) * sizeof(all->numbers[0]));
	if (all) {
		all->session = view->session;
		all->count = 0;
		(void)tree_each(&view->tree, note_number, all);
	}
	pthread_mutex_unlock(&view->tree.lock);
	/* Without it the kernel asks again when what it was told last has run out. */
	if (!all)
		return;
	if (pthread_create(&thread, NULL, run, all) == 0)
		(void)pthread_detach(thread);
	else
		free(all);
}
