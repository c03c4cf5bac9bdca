/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When is the disk ready? */
#include "config.h"

#include "merge/wake.h"
#include "merge/mounts.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define FSTAB "/etc/fstab"
#define READ_STEP 8192

/* The mount points that there are, and how the topmost root is mounted. */
struct mounted {
	char **targets; /* pointing into mountinfo's text */
	size_t count;
	bool root_is_writable;
};

static int note_mount(struct mounted *mounted, char *line)
{
	struct mount_line mount;
	char **more;

	if (mounts_parse(line, &mount) < 0)
		return 0; /* not a line of mountinfo as we know it: what it says is not needed */
	if (strcmp(mount.target, "/") == 0)
		mounted->root_is_writable = mounts_has_option(mount.options, "rw") &&
					    mounts_has_option(mount.super, "rw");
	more = reallocarray(mounted->targets, mounted->count + 1, sizeof(char *));
	if (!more)
		return -ENOMEM;
	mounted->targets = more;
	more[mounted->count++] = line + (mount.target - line);
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
	char *line;

	while ((line = strsep(&fstab, "\n"))) {
		const char *target;
		enum list_need need = list_need(list, line, &target);

		if (need == NEED_NOT || is_mounted(mounted, target))
			continue;
		if (need == NEED_REQUIRED || wake == WAKE_READY)
			(void)snprintf(why, size, "%s is not mounted", target);
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
	bool is_read = true;
	char *line;

	why[0] = '\0';
	while (is_read && (line = strsep(&mountinfo, "\n")))
		is_read = note_mount(&mounted, line) == 0;
	if (!is_read)
		(void)snprintf(why, size, "no memory");
	else if (!mounted.root_is_writable)
		(void)snprintf(why, size, "/ is read-only");
	else
		wake = decide(list, &mounted, fstab, why, size);
	free(mounted.targets);
	return wake;
}

int wake_read(int fd, char **ret_text)
{
	auto_free char *text = NULL;
	size_t used = 0;

	for (;;) {
		char *more = realloc(text, used + READ_STEP + 1);
		ssize_t n;

		if (!more)
			return -ENOMEM;
		text = more;
		n = pread(fd, text + used, READ_STEP, (off_t)used);
		if (n < 0)
			return -errno;
		used += (size_t)n;
		text[used] = '\0';
		if (n == 0)
			break;
	}
	*ret_text = take_pointer(text);
	return 0;
}

/* A root without fstab mounts nothing else. */
static int read_fstab(char **ret_text)
{
	auto_close int fd = open(FSTAB, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fd >= 0)
		return wake_read(fd, ret_text);
	*ret_text = calloc(1, 1);
	return *ret_text ? 0 : -ENOMEM;
}

int wake_look(const struct list *list, int mountinfo, enum wake *ret_wake, char *why, size_t size,
	      struct fault *fault)
{
	auto_free char *mounts = NULL;
	auto_free char *fstab = NULL;
	int r = wake_read(mountinfo, &mounts);

	if (r < 0)
		return fault_at(fault, r, "read the mounts in", "/proc/self/mountinfo");
	r = read_fstab(&fstab);
	if (r < 0)
		return fault_at(fault, r, "read", FSTAB);
	*ret_wake = wake_decide(list, mounts, fstab, why, size);
	return 0;
}
