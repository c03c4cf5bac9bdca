/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tmpfs that fstab does not name. */
#include "config.h"

#include "merge/adopt.h"
#include "merge/own.h"
#include "merge/views.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define NSEC_PER_USEC 1000

/* A look for what is on top of a view, and for other places that show it. */
struct look {
	const char *directory;
	uint64_t view;
	bool has_tmpfs;
	dev_t device; /* the view's */
	char other[128];
};

static int note_top(void *data, const struct mountinfo *mount)
{
	struct look *look = data;

	if (strcmp(mount->target, look->directory) == 0)
		look->has_tmpfs = strcmp(mount->type, "tmpfs") == 0;
	return 0;
}

static int note_device(void *data, const struct mountinfo *mount)
{
	struct look *look = data;

	if (mount->id == look->view)
		look->device = makedev(mount->major, mount->minor);
	return 0;
}

static int note_other(void *data, const struct mountinfo *mount)
{
	struct look *look = data;

	if (mount->id != look->view && makedev(mount->major, mount->minor) == look->device)
		(void)snprintf(look->other, sizeof(look->other), "%s", mount->target);
	return 0;
}

/* Where else it is shown matters only when something hides it. */
static int look_at(const char *text, struct look *look)
{
	int r = views_find(text, look->directory, &look->view);

	if (r == 0 && look->view)
		r = views_each_child(text, look->view, note_top, look);
	if (r == 0 && look->has_tmpfs)
		r = views_each(text, note_device, look);
	if (r == 0 && look->has_tmpfs)
		r = views_each(text, note_other, look);
	return r;
}

static int look_around(struct look *look, struct fault *fault)
{
	auto_free char *text = NULL;
	int r = mountinfo_read(&text);

	if (r == 0)
		r = look_at(text, look);
	return r < 0 ? fault_at(fault, r, "read the mounts in", MOUNTINFO_PATH) : 0;
}

static int write_note(const struct list_entry *entry, int run, struct fault *fault)
{
	char name[OWN_NAME_MAX];
	auto_close int fd = -EBADF;

	if (mkdirat(run, "own", 0700) < 0 && errno != EEXIST)
		return fault_at(fault, -errno, "make the directory", "own");
	fd = openat(run, own_name(entry, ".device", name),
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return fault_at(fault, -errno, "make", name);
	if (dprintf(fd, "over\n%lld\n", (long long)clock_usec(CLOCK_BOOTTIME) * NSEC_PER_USEC) < 0)
		return fault_at(fault, -errno, "write", name);
	return 0;
}

int adopt(struct list_entry *entry, int run, struct fault *fault)
{
	struct look look = { .directory = entry->directory };
	char why[FAULT_DETAIL_MAX];
	int r = look_around(&look, fault);

	if (r < 0 || !look.has_tmpfs)
		return r;
	if (*look.other) {
		(void)snprintf(
			why, sizeof(why),
			"it hides the view, which is also mounted at %s: unmount one of them",
			look.other);
		return fault_because(fault, -EBUSY, "merge into the tmpfs at", entry->directory,
				     why);
	}
	r = write_note(entry, run, fault);
	if (r == 0)
		entry->is_own = entry->is_unseen = entry->is_over = true;
	return r;
}
