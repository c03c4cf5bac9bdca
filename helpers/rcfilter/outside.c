/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries that lead out of the directories of scripts. */
#include "config.h"

#include "rcfilter/outside.h"
#include "rcfilter/runner.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int add(struct scripts *scripts, size_t place, const char *name, const char *target, int fd)
{
	struct outside *outside = calloc(1, sizeof(*outside));

	if (!outside)
		return -ENOMEM;
	*outside = (struct outside){ scripts->outside, place, strdup(name), strdup(target), fd };
	if (!outside->name || !outside->target) {
		free(outside->name);
		free(outside->target);
		free(outside);
		return -ENOMEM;
	}
	scripts->outside = outside;
	return 0;
}

/* The file at the end of an entry's link, O_PATH, where that lies outside; or -EBADF. */
static int open_end(const struct scripts *scripts, const struct place *place, const char *name)
{
	char path[PATH_MAX];
	auto_free char *real = NULL;
	auto_close int fd = -EBADF;
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", place->path, name);
	real = realpath(path, NULL);
	if (!real || scripts_cover(scripts, real))
		return -EBADF;
	fd = open(real, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EBADF;
	return take_fd(&fd);
}

static int look_at(struct scripts *scripts, size_t number, const char *name)
{
	const struct place *place = &scripts->place[number];
	const char *script = name[0] == 'S' ? entry_script(name) : NULL;
	char target[PATH_MAX];
	ssize_t n = readlinkat(place->fd, name, target, sizeof(target) - 1);
	auto_close int fd = -EBADF;
	int r;

	if (runner_of_name(script ? script : name))
		return 0;
	if (n >= 0) {
		target[n] = '\0';
		fd = open_end(scripts, place, name);
		if (fd < 0)
			return 0;
		r = add(scripts, number, name, target, fd);
		if (r < 0)
			return r;
		(void)take_fd(&fd);
	}
	/* What lies in a directory of scripts is in the catalog already. */
	return place->level && script ? scripts_add(scripts, place->fd, name, script) : 0;
}

int outside_load(struct scripts *scripts)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < scripts->places; i++) {
		auto_closedir DIR *dir = scripts_names(scripts->place[i].fd);
		const struct dirent *entry;

		while (r == 0 && dir && (entry = readdir(dir)))
			if (entry->d_name[0] != '.')
				r = look_at(scripts, i, entry->d_name);
	}
	return r;
}

const struct outside *outside_find(const struct scripts *scripts, size_t place, const char *name,
				   const char *target)
{
	const struct outside *outside;

	for (outside = scripts->outside; outside; outside = outside->next)
		if (outside->place == place && strcmp(outside->name, name) == 0 &&
		    (!target || strcmp(outside->target, target) == 0))
			return outside;
	return NULL;
}

const char *outside_name(const char *name)
{
	static const char prefix[] = OUTSIDE_PREFIX;

	return strncmp(name, prefix, sizeof(prefix) - 1) == 0 ? name + sizeof(prefix) - 1 : name;
}

void outside_free(struct scripts *scripts)
{
	struct outside *outside;

	while ((outside = scripts->outside)) {
		scripts->outside = outside->next;
		fd_close(&outside->fd);
		free(outside->name);
		free(outside->target);
		free(outside);
	}
}
