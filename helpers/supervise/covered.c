/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is mounted over the directories of a program. */
#include "config.h"

#include "supervise/covered.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/fstab.h"
#include "common/mountinfo.h"
#include "common/parse.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static bool is_line(char *fstab, const char *target)
{
	struct fstab_line line;

	while (fstab_next(&fstab, &line))
		if (strcmp(line.target, target) == 0)
			return true;
	return false;
}

bool covered_by(char *mountinfo, char *fstab, const char *directory, char *by, size_t size)
{
	struct mountinfo mount, top = { .target = "/" };

	/* The nearest above it; of several at one place the last, which is as a rule the one on top. */
	while (mountinfo_next(&mountinfo, &mount))
		if (is_at_or_below(directory, mount.target) &&
		    is_at_or_below(mount.target, top.target))
			top = mount;
	if (strcmp(top.target, "/") == 0 || mountinfo_is_view(&top) || is_line(fstab, top.target))
		return false;
	(void)snprintf(by, size, "%s", top.target);
	return true;
}

bool covered_look(const struct entry *entry, char *by, size_t size)
{
	unsigned int i;

	for (i = 0; i < entry->writable.count; i++) {
		auto_free char *mounts = NULL;
		auto_free char *fstab = NULL;

		if (mountinfo_read(&mounts) < 0)
			return false;
		if (file_read(AT_FDCWD, FSTAB_PATH, FSTAB_MAX, &fstab) < 0)
			fstab = strdup(""); /* a root without it */
		if (!fstab)
			return false;
		if (covered_by(mounts, fstab, entry->writable.word[i], by, size))
			return true;
	}
	return false;
}
