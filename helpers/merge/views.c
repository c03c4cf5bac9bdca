/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is mounted over a protected directory. */
#include "config.h"

#include "merge/views.h"
#include "common/fd.h"

#include <errno.h>
#include <string.h>

#define VIEW_TYPE "fuse.initfs-hold"
#define OVERLAY_SOURCE "initfs"

static int each_line(const char *mountinfo, views_fn *found, void *data)
{
	auto_free char *text = strdup(mountinfo);
	char *rest = text;
	struct mountinfo mount;
	int r = text ? 0 : -ENOMEM;

	while (r == 0 && mountinfo_next(&rest, &mount))
		r = found(data, &mount);
	return r;
}

struct look {
	const char *directory;
	enum view_state state;
	uint64_t id;
};

static int look_at(void *data, const struct mountinfo *mount)
{
	struct look *look = data;

	if (strcmp(mount->target, look->directory) != 0)
		return 0;
	/* A later line at the same place is a mount on top of the earlier one. */
	look->id = mount->id;
	if (strcmp(mount->type, VIEW_TYPE) == 0)
		look->state = VIEW_LIVE;
	else if (strcmp(mount->type, "overlay") == 0 && strcmp(mount->source, OVERLAY_SOURCE) == 0)
		look->state = VIEW_BARE;
	else
		look->state = VIEW_NONE;
	return 0;
}

int views_look(const char *mountinfo, const char *directory, enum view_state *ret_state,
	       uint64_t *ret_id)
{
	struct look look = { .directory = directory };
	int r = each_line(mountinfo, look_at, &look);

	if (r < 0)
		return r;
	*ret_state = look.state;
	*ret_id = look.id;
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

	return each_line(mountinfo, is_child, &children);
}
