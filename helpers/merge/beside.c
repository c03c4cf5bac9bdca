/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What somebody else has written is kept. */
#include "config.h"

#include "merge/beside.h"
#include "common/fd.h"
#include "common/openat.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Names that are tried; the oldest ones were left by earlier boots and never removed by anybody. */
#define NAMES_MAX 1000

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

bool beside_is_newer(const struct beside *beside, const struct timespec *changed)
{
	if (is_before(changed, &beside->since))
		return false;
	return (!beside->until.tv_sec && !beside->until.tv_nsec) ||
	       is_before(changed, &beside->until);
}

/* As beside_look, for everything in a directory. Its own time changes with what is published in it. */
static int holds_newer(const struct beside *beside, int at, const char *name)
{
	auto_close int fd = open_walk(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	auto_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return fd < 0 ? fd : -errno;
	(void)take_fd(&fd);
	for (errno = 0; r == 0 && (entry = readdir(dir)); errno = 0)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = beside_look(beside, dirfd(dir), entry->d_name);
	return r == 0 && errno ? -errno : r;
}

int beside_look(const struct beside *beside, int at, const char *name)
{
	struct stat st;

	if (!beside)
		return 0;
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	return S_ISDIR(st.st_mode) ? holds_newer(beside, at, name)
				   : beside_is_newer(beside, &st.st_ctim);
}

static int give_name(int staging, const char *name, int lower, const char *was, char *to)
{
	unsigned int n;

	for (n = 0; n < NAMES_MAX; n++) {
		char number[16] = "";

		if (n)
			(void)snprintf(number, sizeof(number), ".%u", n);
		/* A name that would get too long loses its end. */
		(void)snprintf(to, NAME_MAX + 1, "%.*s" BESIDE_SUFFIX "%s",
			       (int)(NAME_MAX - sizeof(BESIDE_SUFFIX) - sizeof(number)), was,
			       number);
		if (renameat2(staging, name, lower, to, RENAME_NOREPLACE) == 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

int beside_put(const struct beside *beside, int staging, const char *name, int lower,
	       const char *was)
{
	char to[NAME_MAX + 1];
	int r = give_name(staging, name, lower, was, to);

	if (r == 0)
		timeline_mark(beside->timeline, "merge.beside", "name", was, "as", to, NULL);
	return r;
}
