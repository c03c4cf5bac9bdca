/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an attempt works on. */
#include "config.h"

#include "merge/sources.h"
#include "merge/check.h"
#include "merge/repaired.h"
#include "merge/retire.h"
#include "merge/since.h"
#include "merge/tuck.h"
#include "merge/views.h"
#include "common/fd.h"
#include "common/mountfd.h"
#include "common/mountinfo.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

/* The layer's upper directory, and its lower one on a mount without other mounts, writable. */
static int open_layer(struct sources *sources, size_t i, const struct list_entry *entry, int disk,
		      struct fault *fault)
{
	struct layer *layer = &sources->layers[i];
	char upper[64];

	(void)snprintf(upper, sizeof(upper), "ram/%u/upper", entry->number);
	*layer = (struct layer){ .name = entry->directory, .number = entry->number };
	layer->lower = -EBADF;
	layer->anchor = -EBADF;
	layer->upper = open_beneath(sources->run, upper, O_RDONLY | O_DIRECTORY, 0);
	if (layer->upper < 0)
		return fault_at(fault, layer->upper, "open the upper layer", upper);
	layer->lower = entry->is_own
			       ? openat(disk, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
			       : open_walk(disk, entry->directory + 1, O_RDONLY | O_DIRECTORY, 0);
	if (layer->lower < 0)
		return fault_at(fault, layer->lower, "open the lower layer", entry->directory);
	return check_writable(layer->lower, entry->directory, fault);
}

/*
 * A layer whose switch was asked for and whose view is gone is on the disk already: an attempt
 * ended between two directories. Programs have written to the disk since; what RAM holds is old.
 */
static int needs_merge(const struct sources *sources, const struct list_entry *entry,
		       const char *mountinfo, bool *ret_needs, struct fault *fault)
{
	char mark[SWITCH_NAME_MAX];
	enum view_state state;
	uint64_t id;
	int r = views_look(mountinfo, entry->directory, &state, &id);

	if (r < 0)
		return fault_at(fault, r, "find the view over", entry->directory);
	*ret_needs = state == VIEW_LIVE;
	if (state == VIEW_LIVE)
		return 0;
	if (state == VIEW_BARE)
		return fault_because(fault, -ENOENT, "find the view over", entry->directory,
				     "initfs-hold has given up there");
	if (faccessat(sources->run, retire_switch_name(entry->number, mark), F_OK, 0) == 0)
		return 0;
	r = views_find(mountinfo, entry->directory, &id);
	if (r < 0)
		return fault_at(fault, r, "find the view over", entry->directory);
	return fault_because(fault, -ENOENT, "find the view over", entry->directory,
			     id ? "something is mounted over it that /etc/fstab does not name"
				: "somebody else has taken it away");
}

/*
 * The layers of one file system: the root's, or, where own is given, that of one directory. disk is the
 * root directory of it, owned from here on; a mount of its own, without other mounts, writable.
 */
static int open_target(struct sources *sources, const struct list_entry *own, int disk,
		       const char *mountinfo, const struct beside *beside, struct fault *fault)
{
	size_t first = sources->count;
	size_t i;
	int r = 0, made;

	for (i = 0; r == 0 && i < sources->list->count; i++) {
		const struct list_entry *entry = &sources->list->entries[i];
		bool needs = false;

		if (own ? own != entry : entry->is_own)
			continue;
		r = needs_merge(sources, entry, mountinfo, &needs, fault);
		if (r == 0 && needs)
			r = open_layer(sources, sources->count++, entry, disk, fault);
	}
	/* Also after a failure: targets_free closes what was opened. */
	made = targets_add(&sources->targets, &sources->layers[first], sources->count - first, disk,
			   beside, fault);
	return r < 0 ? r : made;
}

/*
 * A clone of a mount shows the disk's own directories, without the views. It has to be made now: a
 * clone keeps the read-only flag that the mount had when it was made.
 */
static int clone_disk(int dirfd, const char *path, struct fault *fault)
{
	auto_close int clone = mountfd_clone(dirfd, path, false, fault);
	int disk;

	if (clone < 0)
		return clone;
	disk = openat(clone, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return disk < 0 ? fault_at(fault, -errno, "open the directory", path) : disk;
}

static int open_own(struct sources *sources, const struct list_entry *entry, const char *mountinfo,
		    struct fault *fault)
{
	struct beside beside = { .timeline = sources->timeline };
	size_t first = sources->count;
	auto_close int anchor = -EBADF;
	bool needs = false;
	int disk, r = needs_merge(sources, entry, mountinfo, &needs, fault);

	if (r < 0)
		return r;
	anchor = tuck_open(entry, sources->run, fault);
	/* It is on the disk, and an earlier end of a merge has taken the clone away: nothing is left. */
	if (anchor < 0 && !needs) {
		*fault = (struct fault){ 0 };
		return 0;
	}
	disk = anchor < 0 ? anchor : clone_disk(anchor, "", fault);
	r = disk;

	if (r >= 0)
		r = since_times(entry, sources->run, &beside.since, &beside.until, fault);
	if (r < 0) {
		fd_close(&disk);
		return r;
	}
	/* What the view could not show is never replaced: then nothing has to be kept beside. */
	r = open_target(sources, entry, disk, mountinfo, entry->is_unseen ? NULL : &beside, fault);
	if (sources->count == first)
		return r;
	sources->layers[first].anchor = take_fd(&anchor);
	sources->layers[first].is_over = entry->is_over;
	if (r == 0 && entry->is_unseen)
		r = apart_make(entry->number, sources->run, sources->timeline,
			       &sources->layers[first].apart, fault);
	return r;
}

int sources_open_at(struct sources *sources, int disk, struct fault *fault)
{
	auto_close int ours = disk;
	auto_free char *mountinfo = NULL;
	int r = mountinfo_read(&mountinfo);

	if (r < 0)
		return fault_at(fault, r, "read the mounts in", MOUNTINFO_PATH);
	return open_target(sources, NULL, take_fd(&ours), mountinfo, NULL, fault);
}

int sources_open(struct sources *sources, struct fault *fault)
{
	auto_free char *mountinfo = NULL;
	int disk, r = mountinfo_read(&mountinfo);
	size_t i;

	if (r < 0)
		return fault_at(fault, r, "read the mounts in", MOUNTINFO_PATH);
	if (faccessat(sources->run, REPAIRED_MARK, F_OK, 0) == 0)
		return fault_because(fault, -EUCLEAN, "merge into", "/",
				     "it was repaired under its mount: reboot");
	if (!sources->is_inner) {
		disk = clone_disk(AT_FDCWD, "/", fault);
		r = disk < 0 ? disk : open_target(sources, NULL, disk, mountinfo, NULL, fault);
	}
	for (i = 0; r == 0 && i < sources->list->count; i++) {
		const struct list_entry *entry = &sources->list->entries[i];

		if (entry->is_own && (entry->outer || !sources->is_inner))
			r = open_own(sources, entry, mountinfo, fault);
	}
	return r;
}

void sources_connect(struct sources *sources, int view)
{
	size_t i;

	for (i = 0; i < sources->count; i++)
		if (sources->layers[i].apart)
			sources->layers[i].apart->view = view;
}

int sources_note_publish(const struct sources *sources, struct fault *fault)
{
	const struct list *list = sources->list;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < list->count; i++)
		if (list->entries[i].is_own && (list->entries[i].outer || !sources->is_inner))
			r = since_note_publish(&list->entries[i], sources->run, fault);
	return r;
}

int sources_tell(const struct sources *sources, struct fault *fault)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < sources->count; i++)
		if (sources->layers[i].apart)
			r = apart_tell(&sources->layers[i], fault);
	return r;
}

void sources_close(struct sources *sources)
{
	size_t i;

	targets_free(&sources->targets);
	for (i = 0; i < sources->count; i++) {
		fd_close(&sources->layers[i].anchor);
		apart_free(sources->layers[i].apart);
	}
}
