/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is everything mounted that the machine boots with? */
#include "config.h"

#include "common/mounted.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/mountinfo.h"
#include "common/parse.h"

#include <fcntl.h>
#include <string.h>

static bool is_network(const char *type)
{
	static const char *const types[] = { "nfs",  "nfs4", "cifs", "smb3",
					     "ceph", "9p",   "afs",  "glusterfs" };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return strncmp(type, "fuse.", 5) == 0;
}

bool mounted_is_certain(const struct fstab_line *line)
{
	return *line->target == '/' && strcmp(line->type, "swap") != 0 && !is_network(line->type) &&
	       !has_option(line->options, "noauto") && !has_option(line->options, "_netdev") &&
	       !has_option(line->options, "nofail");
}

/* Takes the list apart only once: the targets stay in it, one behind the other, each with its NUL. */
static size_t gather_targets(char *mountinfo)
{
	struct mountinfo mount;
	char *rest = mountinfo;
	size_t length = 0;

	/* What is written lies before what is read: a line is longer than its target. */
	while (mountinfo_next(&rest, &mount)) {
		size_t size = strlen(mount.target) + 1;

		memmove(mountinfo + length, mount.target, size);
		length += size;
	}
	return length;
}

static bool is_there(const char *targets, size_t length, const char *wanted)
{
	size_t at;

	for (at = 0; at < length; at += strlen(targets + at) + 1)
		if (strcmp(targets + at, wanted) == 0)
			return true;
	return false;
}

bool mounted_is_complete(char *fstab, char *mountinfo)
{
	size_t length = gather_targets(mountinfo);
	struct fstab_line line;

	while (fstab_next(&fstab, &line))
		if (mounted_is_certain(&line) && !is_there(mountinfo, length, line.target))
			return false;
	return true;
}

bool mounted_look(void)
{
	auto_free char *fstab = NULL;
	auto_free char *mounts = NULL;

	if (file_read(AT_FDCWD, FSTAB_PATH, FSTAB_MAX, &fstab) < 0 || mountinfo_read(&mounts) < 0)
		return true;
	return mounted_is_complete(fstab, mounts);
}
