/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is mounted over a protected directory. */
#include "config.h"

#include "merge/views.h"
#include "common/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

/* Mounts on each other at one place; more than a few are somebody's accident. */
#define PILE_MAX 32

int views_each(const char *mountinfo, views_fn *found, void *data)
{
	auto_free char *text = strdup(mountinfo);
	char *rest = text;
	struct mountinfo mount;
	int r = text ? 0 : -ENOMEM;

	while (r == 0 && mountinfo_next(&rest, &mount))
		r = found(data, &mount);
	return r;
}

/* One of the mounts at a directory. */
struct piled {
	uint64_t id;
	uint64_t parent;
	dev_t device;
	enum view_state state;
};

/* They lie on each other; their order in mountinfo says nothing, because one can be put beneath. */
struct pile {
	const char *directory;
	struct piled list[PILE_MAX];
	size_t count;
};

static int note_piled(void *data, const struct mountinfo *mount)
{
	struct pile *pile = data;
	struct piled *piled = &pile->list[pile->count];

	if (strcmp(mount->target, pile->directory) != 0)
		return 0;
	if (pile->count == PILE_MAX)
		return -E2BIG;
	pile->count++;
	*piled = (struct piled){ mount->id, mount->parent, makedev(mount->major, mount->minor),
				 VIEW_NONE };
	if (mountinfo_is_view(mount))
		piled->state = strcmp(mount->type, MOUNTINFO_VIEW) == 0 ? VIEW_LIVE : VIEW_BARE;
	return 0;
}

/* The one that none of the others is mounted on; NULL where there is none at all. */
static const struct piled *pile_top(const struct pile *pile)
{
	size_t i, k;

	for (i = 0; i < pile->count; i++) {
		for (k = 0; k < pile->count && pile->list[k].parent != pile->list[i].id; k++)
			;
		if (k == pile->count)
			return &pile->list[i];
	}
	return NULL;
}

int views_look(const char *mountinfo, const char *directory, enum view_state *ret_state,
	       uint64_t *ret_id)
{
	struct pile pile = { .directory = directory };
	int r = views_each(mountinfo, note_piled, &pile);
	const struct piled *top = pile_top(&pile);

	if (r < 0)
		return r;
	*ret_state = top ? top->state : VIEW_NONE;
	*ret_id = top ? top->id : 0;
	return 0;
}

int views_find(const char *mountinfo, const char *directory, uint64_t *ret_id)
{
	struct pile pile = { .directory = directory };
	int r = views_each(mountinfo, note_piled, &pile);
	size_t i;

	*ret_id = 0;
	for (i = 0; r == 0 && i < pile.count; i++)
		if (pile.list[i].state == VIEW_LIVE)
			*ret_id = pile.list[i].id;
	return r;
}

int views_is_beneath(const char *mountinfo, const char *directory, dev_t device)
{
	struct pile pile = { .directory = directory };
	int r = views_each(mountinfo, note_piled, &pile);
	const struct piled *top = pile_top(&pile);
	size_t i;

	if (r < 0)
		return r;
	for (i = 0; top && i < pile.count; i++)
		if (pile.list[i].id == top->parent)
			return top->state == VIEW_LIVE && pile.list[i].device == device;
	return 0;
}

struct children {
	uint64_t parent;
	views_fn *found;
	void *data;
};

static int is_child(void *data, const struct mountinfo *mount)
{
	const struct children *children = data;

	return mount->parent == children->parent ? children->found(children->data, mount) : 0;
}

int views_each_child(const char *mountinfo, uint64_t parent, views_fn *found, void *data)
{
	struct children children = { parent, found, data };

	return views_each(mountinfo, is_child, &children);
}
