/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of /proc/self/mountinfo to the devices in it. */
#include "config.h"

#include "cli/mounts.h"
#include "common/mountinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/*
 * The view is known by its type, layers and RAM by our name as source; a directory bound from
 * /run/initfs is part of /run, which is not ours.
 */
static bool is_ours(const char *type, const char *source)
{
	if (strcmp(type, "fuse.initfs-hold") == 0)
		return true;
	return strcmp(source, "initfs") == 0 &&
	       (strcmp(type, "overlay") == 0 || strcmp(type, "tmpfs") == 0);
}

int mounts_parse(struct mounts *ret_mounts, char *text)
{
	struct mounts mounts = { 0 };
	struct mountinfo info;

	mounts.mount = calloc(count_lines(text), sizeof(mounts.mount[0]));
	if (!mounts.mount)
		return -ENOMEM;
	while (mountinfo_next(&text, &info))
		mounts.mount[mounts.count++] =
			(struct mount){ info.major, info.minor, is_ours(info.type, info.source),
					info.target };
	*ret_mounts = mounts;
	return 0;
}

const struct mount *mounts_find(const struct mounts *mounts, unsigned int major, unsigned int minor)
{
	size_t i;

	for (i = 0; i < mounts->count; i++)
		if (mounts->mount[i].major == major && mounts->mount[i].minor == minor)
			return &mounts->mount[i];
	return NULL;
}

void mounts_free(struct mounts *mounts)
{
	free(mounts->mount);
	*mounts = (struct mounts){ 0 };
}
