/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making the kernel forget. */
#include "config.h"

#include "hold/prune.h"

#include "common/fd.h"

#include <string.h>

/* One name to be dropped. */
struct pruned {
	struct pruned *next;
	fuse_ino_t parent;
	char name[];
};

struct pruning {
	struct view *view;
	struct pruned *list;
};

/*
 * Not directories: the kernel unhashes what it drops, also where somebody stands in it, and getcwd(2)
 * of that program would fail. Not what is open, for the same reason: /proc/PID/fd would show it as
 * deleted. Sockets and FIFOs may be in use without our knowing: the kernel opens them by itself.
 */
static bool is_prunable(const struct node *node)
{
	return node->names && !node->files && (S_ISREG(node->type) || S_ISLNK(node->type));
}

static int note(struct node *node, void *data)
{
	struct pruning *pruning = data;
	const struct name *name;
	struct pruned *one;

	if (!is_prunable(node))
		return 0;
	for (name = node->names; name; name = name->next) {
		one = malloc(sizeof(*one) + strlen(name->text) + 1);
		if (!one)
			return -ENOMEM;
		strcpy(one->name, name->text);
		one->parent = node_number(&pruning->view->tree, name->parent);
		one->next = pruning->list;
		pruning->list = one;
	}
	return 0;
}

static void *prune(void *arg)
{
	auto_free struct pruning *pruning = arg;
	struct view *view = pruning->view;

	pthread_mutex_lock(&view->tree.lock);
	(void)tree_each(&view->tree, note, pruning); /* without memory: fewer are forgotten */
	pthread_mutex_unlock(&view->tree.lock);
	while (pruning->list) {
		struct pruned *one = pruning->list;

		/* An error only says that the kernel has forgotten it already. */
		(void)fuse_lowlevel_notify_inval_entry(view->session, one->parent, one->name,
						       strlen(one->name));
		pruning->list = one->next;
		free(one);
	}
	view->is_pruning = false;
	return NULL;
}

void prune_start(struct view *view)
{
	struct pruning *pruning;
	pthread_t thread;

	if (atomic_exchange(&view->is_pruning, true))
		return;
	pruning = calloc(1, sizeof(*pruning));
	if (pruning) {
		pruning->view = view;
		if (pthread_create(&thread, NULL, prune, pruning) == 0) {
			(void)pthread_detach(thread);
			return;
		}
	}
	free(pruning);
	view->is_pruning = false;
}
