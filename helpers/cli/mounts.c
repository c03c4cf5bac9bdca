/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of /proc/self/mountinfo to the devices in it. */
#include "config.h"

#include "cli/mounts.h"

#include <errno.h>
#include <stdio.h>
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
 * Source and type stand behind " - ". The view is known by its type, layers and RAM by our name as
 * source; a directory bound from /run/initfs is part of /run, which is not ours.
 */
static bool is_ours(const char *type, const char *source)
{
	if (strcmp(type, "fuse.initfs-hold") == 0)
		return true;
	return strcmp(source, "initfs") == 0 &&
	       (strcmp(type, "overlay") == 0 || strcmp(type, "tmpfs") == 0);
}

/* 36 35 98:0 /root /point options optional… - type source options */
static int parse_line(char *line, struct mount *ret_mount)
{
	char *behind = strstr(line, " - ");
	char *rest = NULL;
	char *device, *point, *type, *source;

	if (!behind)
		return -EINVAL;
	*behind = '\0';
	(void)strtok_r(line, " ", &rest);
	(void)strtok_r(NULL, " ", &rest);
	device = strtok_r(NULL, " ", &rest);
	(void)strtok_r(NULL, " ", &rest);
	point = strtok_r(NULL, " ", &rest);
	type = strtok_r(behind + 3, " ", &rest);
	source = strtok_r(NULL, " ", &rest);
	if (!device || !point || !type || !source ||
	    sscanf(device, "%u:%u", &ret_mount->major, &ret_mount->minor) != 2)
		return -EINVAL;
	ret_mount->point = point;
	ret_mount->is_ours = is_ours(type, source);
	return 0;
}

int mounts_parse(struct mounts *ret_mounts, char *text)
{
	struct mounts mounts = { 0 };
	char *line = text;

	mounts.mount = calloc(count_lines(text), sizeof(mounts.mount[0]));
	if (!mounts.mount)
		return -ENOMEM;
	while (line && *line) {
		char *next = strchr(line, '\n');

		if (next)
			*next++ = '\0';
		if (parse_line(line, &mounts.mount[mounts.count]) == 0)
			mounts.count++;
		line = next;
	}
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
