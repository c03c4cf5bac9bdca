/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets and FIFOs in use. */
#include "config.h"

#include "merge/keep.h"
#include "merge/carry.h"
#include "merge/client.h"
#include "merge/views.h"
#include "common/inuse.h"
#include "common/fd.h"
#include "common/mountfd.h"
#include "common/mountinfo.h"
#include "common/openat.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* Is path the directory, or below it? Both are relative to the same place. */
static bool is_within(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 && (!path[length] || path[length] == '/');
}

static void add_name(struct kept *kept, const char *name)
{
	size_t used = strlen(kept->names);

	(void)snprintf(kept->names + used, sizeof(kept->names) - used, "%s%s", used ? "," : "",
		       name);
}

static void drop(struct kept *kept)
{
	fd_close(&kept->place);
	fd_close(&kept->clone);
	free(kept->path);
	kept->path = NULL;
}

/* The directory is the smallest one of several: those below it are part of it. */
static void swallow(struct keep *keep, struct kept *larger)
{
	size_t i = 0;

	while (i < keep->count) {
		struct kept *kept = &keep->list[i];

		if (kept->layer != larger->layer || !is_within(kept->path, larger->path)) {
			i++;
			continue;
		}
		add_name(larger, kept->names);
		drop(kept);
		*kept = keep->list[--keep->count];
	}
}

bool keep_has_room(const struct keep *keep, uid_t owner)
{
	size_t i, his = 0;

	if (owner == 0)
		return keep->count < KEEP_MAX;
	for (i = 0; i < keep->count; i++)
		his += keep->list[i].owner == owner;
	return his < KEEP_OF_USER && keep->count < KEEP_MAX - KEEP_FOR_ROOT;
}

/* Notes that the object at path below the layer's directory, which is owner's, is in use. 0 or -errno. */
static int note(struct keep *keep, const struct layer *layer, int view, const char *path,
		uid_t owner)
{
	const char *slash = strrchr(path, '/');
	struct kept kept = { .layer = layer, .place = -EBADF, .clone = -EBADF, .owner = owner };
	size_t before = keep->count;
	struct stat st;
	size_t i;

	for (i = 0; i < keep->count; i++) {
		if (keep->list[i].layer != layer || !is_within(path, keep->list[i].path))
			continue;
		add_name(&keep->list[i], slash ? slash + 1 : path);
		return 0;
	}
	kept.path = slash ? strndup(path, (size_t)(slash - path)) : strdup(path);
	if (!kept.path)
		return -ENOMEM;
	kept.place = open_walk(view, kept.path, O_PATH | O_NOFOLLOW, 0);
	if (kept.place < 0 || fstat(kept.place, &st) < 0) {
		drop(&kept);
		return 0; /* it has moved: the check under the seal will see it where it is then */
	}
	kept.ino = st.st_ino;
	add_name(&kept, slash ? slash + 1 : path);
	swallow(keep, &kept);
	/* Those that it swallows have had their room. */
	if (keep->count == before && !keep_has_room(keep, owner)) {
		drop(&kept);
		return -E2BIG;
	}
	keep->list[keep->count++] = kept;
	return 0;
}

/* What a walk over a tree of changes is for. */
struct look {
	struct keep *keep;
	const struct layer *layer;
	int view; /* the layer's directory in the view */
};

/*
 * Whoever binds a socket makes its name, so it is in the upper layer. One that cannot be noted is
 * left alone: its name will lead to nobody, which keep_report says.
 */
__attribute__((noinline)) static void look_at(struct look *look, struct change *change)
{
	char buffer[KEEP_PATH_MAX];
	const char *path = tree_path(change, NULL, buffer, sizeof(buffer));
	auto_close int fd = open_walk(look->view, path, O_PATH | O_NOFOLLOW, 0);
	struct stat st;

	change->is_looked_at = true;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) || !inuse_socket(fd))
		return;
	change->is_lost = note(look->keep, look->layer, look->view, path, st.st_uid) < 0;
}

static void look_below(struct look *look, struct change *parent)
{
	struct change *change;

	for (change = parent->children; change; change = change->next) {
		if (S_ISSOCK(change->stamp.mode) && !change->is_looked_at)
			look_at(look, change);
		look_below(look, change);
	}
}

/* A FIFO may as well be the lower layer's: those who have it open are asked. */
static int note_fifo(void *data, const char *path, const struct stat *st)
{
	const struct look *look = data;
	const char *below = path + strlen(look->layer->name) + 1;
	auto_close int fd = -EBADF;
	struct stat here;

	if (!is_within(path, look->layer->name) || strlen(path) >= KEEP_PATH_MAX ||
	    !path[strlen(look->layer->name)])
		return 0;
	fd = open_walk(look->view, below, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0 || fstat(fd, &here) < 0 || here.st_ino != st->st_ino)
		return 0; /* removed: nobody can open it any more */
	(void)note(look->keep, look->layer, look->view, below,
		   st->st_uid); /* too many: a dead name */
	return 0;
}

static void forget_below(struct change *parent)
{
	struct change *change;

	for (change = parent->children; change; change = change->next) {
		change->is_looked_at = false;
		change->is_lost = false;
		forget_below(change);
	}
}

int keep_find(struct keep *keep, const struct layer *layers, size_t count, struct fault *fault)
{
	size_t i;

	keep_free(keep);
	for (i = 0; i < count; i++) {
		auto_close int view = open(layers[i].name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		struct look look = { keep, &layers[i], view };
		struct stat st;

		if (view < 0 || fstat(view, &st) < 0)
			return fault_at(fault, -errno, "look for sockets in", layers[i].name);
		forget_below(layers[i].tree.root);
		look_below(&look, layers[i].tree.root);
		inuse_each_fifo(st.st_dev, note_fifo, &look);
	}
	return 0;
}

/* The first socket that nobody has looked at, or NULL. */
static struct change *find_new(const struct change *parent)
{
	struct change *change;

	for (change = parent->children; change; change = change->next) {
		struct change *below;

		if (S_ISSOCK(change->stamp.mode) && !change->is_looked_at)
			return change;
		below = find_new(change);
		if (below)
			return below;
	}
	return NULL;
}

/* The overlay answers behind the seal: is it still the view's object that stands at the path? */
static bool is_in_place(const struct kept *kept, int run)
{
	char name[32];
	auto_close int overlay = -EBADF;
	auto_close int fd = -EBADF;
	struct stat st;

	(void)snprintf(name, sizeof(name), "layer/%u", kept->layer->number);
	overlay = openat(run, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (overlay < 0)
		return false;
	fd = open_walk(overlay, kept->path, O_PATH | O_NOFOLLOW, 0);
	return fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == kept->ino;
}

int keep_check(const struct keep *keep, const struct layer *layers, size_t count, int run,
	       struct fault *fault)
{
	char path[FAULT_OBJECT_MAX];
	size_t i;

	for (i = 0; i < count; i++) {
		const struct change *change = find_new(layers[i].tree.root);

		if (change)
			return fault_because(fault, -EAGAIN, "keep the socket",
					     tree_path(change, NULL, path, sizeof(path)),
					     "it was bound just now");
	}
	for (i = 0; i < keep->count; i++)
		if (!is_in_place(&keep->list[i], run))
			return fault_because(fault, -EAGAIN, "keep the sockets in",
					     keep->list[i].path, "it was moved just now");
	return 0;
}

void keep_settle(struct keep *keep, const struct layer *layers, size_t count, int run)
{
	struct change *change;
	size_t i = 0;

	while (i < keep->count)
		if (is_in_place(&keep->list[i], run)) {
			i++;
		} else {
			drop(&keep->list[i]);
			keep->list[i] = keep->list[--keep->count];
		}
	for (i = 0; i < count; i++)
		while ((change = find_new(layers[i].tree.root)))
			change->is_looked_at = change->is_lost = true;
}

/*
 * The mount that programs will see. On a file system of the directory's own that is not the one that
 * was attached, but its copy beneath the view: see tuck.h.
 */
static int id_seen(const struct kept *kept, uint64_t attached, uint64_t *ret_id)
{
	auto_free char *text = NULL;
	char path[KEEP_PATH_MAX + 256];
	enum view_state state;
	int r;

	*ret_id = attached;
	if (kept->layer->anchor < 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/%s", kept->layer->name, kept->path);
	r = mountinfo_read(&text);
	if (r == 0)
		r = views_look(text, path, &state, ret_id);
	if (r < 0)
		return r;
	return state == VIEW_LIVE ? 0 : -ENOENT;
}

static int attach(struct kept *kept, int root, int view, struct fault *fault)
{
	int anchor = kept->layer->anchor >= 0 ? kept->layer->anchor : root;
	auto_close int place = open_walk(kept->layer->lower, kept->path, O_PATH | O_NOFOLLOW, 0);
	auto_close int underneath = place < 0 ? place : carry_underneath(anchor, place);
	struct statx sx;
	struct stat st;
	uint64_t id;
	int r;

	if (underneath < 0 || fstat(place, &st) < 0)
		return fault_at(fault, underneath < 0 ? underneath : -errno,
				"find on the disk the place of the sockets in", kept->path);
	kept->clone = mountfd_clone(kept->place, "", true, fault);
	if (kept->clone < 0)
		return kept->clone;
	/* The view is sealed: it must not be asked for anything. */
	if (statx(kept->clone, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &sx) < 0)
		return fault_at(fault, -errno, "inspect the mount of", kept->path);
	r = mountfd_attach(kept->clone, underneath, "", fault);
	if (r < 0) {
		fd_close(&kept->clone);
		return r;
	}
	r = id_seen(kept, sx.stx_mnt_id, &id);
	if (r < 0)
		return fault_at(fault, r, "find the mount of", kept->path);
	return client_keep(view, kept->layer->number, id, &st, fault);
}

int keep_attach(struct keep *keep, int root, int view, struct fault *fault)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < keep->count; i++)
		r = attach(&keep->list[i], root, view, fault);
	return r;
}

void keep_undo(struct keep *keep)
{
	size_t i;

	for (i = 0; i < keep->count; i++) {
		if (keep->list[i].clone < 0)
			continue;
		(void)mountfd_detach(keep->list[i].clone); /* what fails is seen in mountinfo */
		fd_close(&keep->list[i].clone);
	}
}

/* Not inlined: its buffers would be in each frame of the recursion. */
__attribute__((noinline)) static void report_one(const struct layer *layer,
						 const struct change *change, int timeline)
{
	char buffer[KEEP_PATH_MAX];
	char path[KEEP_PATH_MAX + 256];

	(void)snprintf(path, sizeof(path), "%s/%s", layer->name,
		       tree_path(change, NULL, buffer, sizeof(buffer)));
	timeline_mark(timeline, "merge.socket", "path", path, NULL);
}

static void report_lost(const struct layer *layer, const struct change *parent, int timeline)
{
	const struct change *change;

	for (change = parent->children; change; change = change->next) {
		if (change->is_lost)
			report_one(layer, change, timeline);
		report_lost(layer, change, timeline);
	}
}

void keep_report(const struct keep *keep, const struct layer *layers, size_t count, int timeline)
{
	char path[KEEP_PATH_MAX + 256];
	size_t i;

	for (i = 0; i < keep->count; i++) {
		const struct kept *kept = &keep->list[i];

		(void)snprintf(path, sizeof(path), "%s/%s", kept->layer->name, kept->path);
		timeline_mark(timeline, "socket.kept", "dir", path, "names", kept->names, NULL);
	}
	for (i = 0; i < count; i++)
		report_lost(&layers[i], layers[i].tree.root, timeline);
}

void keep_free(struct keep *keep)
{
	size_t i;

	for (i = 0; i < keep->count; i++)
		drop(&keep->list[i]);
	keep->count = 0;
}
