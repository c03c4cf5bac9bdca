/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When is the disk ready? */
#include "config.h"

#include "merge/wake.h"
#include "merge/views.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/fstab.h"
#include "common/mountinfo.h"
#include "common/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* The mount points that there are, and how the topmost root is mounted. */
struct mounted {
	const char **targets; /* pointing into mountinfo's text */
	size_t count;
	bool root_is_writable;
};

/*
 * A view stands where something else has to be mounted, on top of it or beneath. What somebody has bound
 * from one to another place is what had to be mounted there.
 */
static bool is_view(const struct list *list, const struct mountinfo *mount)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (strcmp(list->entries[i].directory, mount->target) == 0)
			return mountinfo_is_view(mount);
	return false;
}

static int note_mount(struct mounted *mounted, const struct list *list,
		      const struct mountinfo *mount)
{
	const char **more;

	if (is_view(list, mount))
		return 0;
	if (strcmp(mount->target, "/") == 0)
		mounted->root_is_writable =
			has_option(mount->options, "rw") && has_option(mount->super, "rw");
	more = reallocarray(mounted->targets, mounted->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	mounted->targets = more;
	more[mounted->count++] = mount->target;
	return 0;
}

static bool is_mounted(const struct mounted *mounted, const char *target)
{
	size_t i;

	for (i = 0; i < mounted->count; i++)
		if (strcmp(mounted->targets[i], target) == 0)
			return true;
	return false;
}

static enum wake decide(const struct list *list, const struct mounted *mounted, char *fstab,
			char *why, size_t size)
{
	enum wake wake = WAKE_READY;
	struct fstab_line line;

	while (fstab_next(&fstab, &line)) {
		enum list_need need = list_need(list, &line);

		if (need == NEED_NOT || is_mounted(mounted, line.target))
			continue;
		if (need == NEED_REQUIRED || wake == WAKE_READY)
			(void)snprintf(why, size, "%s is not mounted", line.target);
		if (need == NEED_REQUIRED)
			return WAKE_NOT_YET;
		wake = WAKE_SOON;
	}
	return wake;
}

enum wake wake_decide(const struct list *list, char *mountinfo, char *fstab, char *why, size_t size)
{
	struct mounted mounted = { 0 };
	enum wake wake = WAKE_NOT_YET;
	struct mountinfo mount;
	bool is_read = true;

	why[0] = '\0';
	while (is_read && mountinfo_next(&mountinfo, &mount))
		is_read = note_mount(&mounted, list, &mount) == 0;
	if (!is_read)
		(void)snprintf(why, size, "no memory");
	else if (!mounted.root_is_writable)
		(void)snprintf(
			why, size,
			"/ is read-only; if it was repaired like that: initfs merge --repaired");
	else
		wake = decide(list, &mounted, fstab, why, size);
	free(mounted.targets);
	return wake;
}

/* A root without fstab mounts nothing else. */
static int read_fstab(char **ret_text)
{
	ssize_t length = file_read(AT_FDCWD, FSTAB_PATH, FSTAB_MAX, ret_text);

	if (length != -ENOENT)
		return length < 0 ? (int)length : 0;
	*ret_text = calloc(1, 1);
	return *ret_text ? 0 : -ENOMEM;
}

int wake_look(const struct list *list, int mountinfo, enum wake *ret_wake, char *why, size_t size,
	      struct fault *fault)
{
	auto_free char *mounts = NULL;
	auto_free char *fstab = NULL;
	ssize_t length = file_read_fd(mountinfo, MOUNTINFO_MAX, &mounts);
	int r;

	if (length < 0)
		return fault_at(fault, (int)length, "read the mounts in", MOUNTINFO_PATH);
	r = read_fstab(&fstab);
	if (r < 0)
		return fault_at(fault, r, "read", FSTAB_PATH);
	*ret_wake = wake_decide(list, mounts, fstab, why, size);
	return 0;
}
