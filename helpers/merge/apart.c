/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that the disk has already. */
#include "config.h"

#include "merge/apart.h"
#include "merge/client.h"
#include "merge/layer.h"
#include "merge/publish.h"
#include "merge/same.h"
#include "common/fd.h"
#include "common/openat.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

const char *apart_note_name(const struct apart *apart, char name[APART_NOTE_MAX])
{
	(void)snprintf(name, APART_NOTE_MAX, "own/%u.ours", apart->number);
	return name;
}

int apart_make(unsigned int number, int run, int timeline, struct apart **ret, struct fault *fault)
{
	struct apart *apart = calloc(1, sizeof(*apart));
	char name[APART_NOTE_MAX];
	int r;

	if (!apart)
		return fault_at(fault, -ENOMEM, "plan the merge", NULL);
	*apart = (struct apart){
		.number = number, .run = run, .timeline = timeline, .view = -EBADF
	};
	r = ours_read(&apart->ours, run, apart_note_name(apart, name));
	if (r < 0) {
		apart_free(apart);
		return fault_at(fault, r, "read what was published before", name);
	}
	*ret = apart;
	return 0;
}

void apart_free(struct apart *apart)
{
	while (apart && apart->items) {
		struct apart_item *item = apart->items;

		apart->items = item->next;
		join_runs_free(&item->runs);
		free(item->path);
		free(item->as);
		free(item);
	}
	if (apart)
		ours_free(&apart->ours);
	free(apart);
}

static struct apart_item *find(const struct apart *apart, const char *path)
{
	struct apart_item *item;

	for (item = apart->items; item; item = item->next)
		if (strcmp(item->path, path) == 0)
			return item;
	return NULL;
}

struct apart_item *apart_item(struct apart *apart, const char *path)
{
	struct apart_item *item = find(apart, path);

	if (item)
		return item;
	item = calloc(1, sizeof(*item));
	if (!item)
		return NULL;
	item->path = strdup(path);
	if (!item->path) {
		free(item);
		return NULL;
	}
	item->next = apart->items;
	apart->items = item;
	return item;
}

int apart_number(const struct layer *layer, const char *path, ino_t *ret_ino)
{
	char name[APART_NOTE_MAX];
	auto_close int overlay = -EBADF;
	auto_close int fd = -EBADF;
	struct stat st;

	(void)snprintf(name, sizeof(name), "layer/%u", layer->number);
	overlay = openat(layer->apart->run, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (overlay < 0)
		return -errno;
	fd = open_walk(overlay, path, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_ino = st.st_ino;
	return 0;
}

static int fault_change(struct fault *fault, const struct change *change, int error,
			const char *step)
{
	char path[FAULT_OBJECT_MAX];

	return fault_at(fault, error, step, tree_path(change, NULL, path, sizeof(path)));
}

static void mark(const struct layer *layer, const char *event, const char *path, const char *as)
{
	char full[PATH_MAX];

	(void)snprintf(full, sizeof(full), "%s/%s", layer->name, path);
	timeline_mark(layer->apart->timeline, event, "name", full, as ? "as" : NULL, as, NULL);
}

/* Gives the staged object the first name that is free, or that an earlier attempt has given it. */
static int give_name(struct publish *publish, const struct apart *apart,
		     const struct change *change, int lower, char to[NAME_MAX + 1])
{
	char staged[PLACE_NAME_MAX];
	unsigned int n;
	int r = -EEXIST;

	(void)place_name('s', change->id, staged);
	for (n = 0; r == -EEXIST && n < 1000; n++) {
		char number[16] = "";
		struct stat st;

		if (n)
			(void)snprintf(number, sizeof(number), ".%u", n);
		/* A name that would get too long loses its end. */
		(void)snprintf(to, NAME_MAX + 1, "%.*s" APART_SUFFIX "%s",
			       (int)(NAME_MAX - sizeof(APART_SUFFIX) - sizeof(number)),
			       change->name, number);
		r = publish_put(publish, lower, to, staged, RENAME_NOREPLACE);
		if (r == -EEXIST && fstatat(lower, to, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    ours_find(&apart->ours, st.st_ino))
			r = publish_put(publish, lower, to, staged, RENAME_EXCHANGE);
	}
	return r;
}

static int place_beside(struct publish *publish, const struct layer *layer, struct change *change,
			int lower, struct apart_item *item)
{
	char name[NAME_MAX + 1];
	int r = give_name(publish, layer->apart, change, lower, name);

	if (r < 0)
		return r;
	free(item->as);
	item->as = strdup(name);
	if (!item->as)
		return -ENOMEM;
	mark(layer, "merge.apart", item->path, name);
	return 0;
}

static int place_joined(struct publish *publish, const struct layer *layer,
			const struct change *change, int lower, const struct apart_item *item)
{
	char joined[PLACE_NAME_MAX];
	int r = publish_put(publish, lower, change->name, place_name('j', item->id, joined),
			    RENAME_EXCHANGE);

	if (r == 0)
		mark(layer, "merge.joined", item->path, NULL);
	return r;
}

int apart_place(struct publish *publish, const struct layer *layer, struct change *change,
		int lower, struct fault *fault)
{
	char path[PATH_MAX], staged[PLACE_NAME_MAX];
	struct apart_item *item;
	int r;

	item = apart_item(layer->apart, tree_path(change, NULL, path, sizeof(path)));
	if (!item)
		return fault_change(fault, change, -ENOMEM, "publish");
	(void)place_name('s', change->id, staged);
	item->is_known = true;
	r = item->is_joined ? 0 : same_object(publish->place->dir, staged, lower, change->name);
	if (r == 0 && item->is_joined)
		r = place_joined(publish, layer, change, lower, item);
	else if (r == 0)
		r = place_beside(publish, layer, change, lower, item);
	else if (r > 0)
		return 0;
	if (r < 0)
		return fault_change(fault, change, r, "publish");
	publish->names++;
	return 0;
}

int apart_enter(struct apart *apart, const struct change *change, int upper, int lower)
{
	struct apart_item *item;
	struct stat above, below;
	char path[PATH_MAX];

	if (!change->parent) /* nobody asks whose the root is */
		return 0;
	if (fstat(upper, &above) < 0 || fstat(lower, &below) < 0)
		return -errno;
	if (above.st_mode == below.st_mode && above.st_uid == below.st_uid &&
	    above.st_gid == below.st_gid)
		return 0;
	item = apart_item(apart, tree_path(change, NULL, path, sizeof(path)));
	if (!item)
		return -ENOMEM;
	item->is_known = true;
	return 0;
}

static int tell(const struct layer *layer, const struct apart_item *item, struct fault *fault)
{
	const char *slash = strrchr(item->path, '/');
	char path[PATH_MAX + NAME_MAX];
	auto_close int disk = -EBADF;
	ino_t ino = 0;
	int r = apart_number(layer, item->path, &ino);

	(void)snprintf(path, sizeof(path), "%.*s%s",
		       slash && item->as ? (int)(slash + 1 - item->path) : 0, item->path,
		       item->as ? item->as : item->path);
	if (r == 0) {
		disk = open_walk(layer->lower, path, O_PATH | O_NOFOLLOW, 0);
		r = disk < 0 ? disk : 0;
	}
	if (r < 0)
		return fault_at(fault, r, "find again what was published", path);
	return client_instead(layer->apart->view, layer->number, ino, disk, fault);
}

int apart_tell(const struct layer *layer, struct fault *fault)
{
	const struct apart_item *item;
	int r = 0;

	for (item = layer->apart->items; r == 0 && item; item = item->next)
		if (item->is_known)
			r = tell(layer, item, fault);
	return r;
}
