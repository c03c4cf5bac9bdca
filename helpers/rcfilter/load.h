/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The start scripts of a system as they are on its disk, read before anything is mounted over them. */
#ifndef INITFS_LOAD_H
#define INITFS_LOAD_H

#include "rcfilter/catalog.h"
#include "rcfilter/style.h"
#include "common/fault.h"

#include <dirent.h>

#define PLACES_MAX 24

/* A directory that is shown through a view of ours. */
struct place {
	char *path; /* without a symlink in it */
	int fd; /* of the directory itself, opened before the mount */
	char level; /* of an rcN.d; 0: scripts */
	bool is_flat; /* scripts that are entries too: S40network in Buildroot's init.d */
};

struct outside;

struct scripts {
	struct catalog catalog;
	enum style style;
	size_t places;
	struct place place[PLACES_MAX];
	struct outside *outside; /* see outside.h; owned */
};

/*
 * Reads the scripts, overrides and insserv.conf below "/" and opens the directories. Whatever
 * cannot be read is left out: a script that we do not know runs. 0, -ENOENT where there is no
 * directory of scripts, or -errno. scripts_free it in any case.
 */
int scripts_load(struct scripts *scripts, struct fault *fault);

/*
 * Writes the path by which a runner of that level starts the script ("/etc/rc2.d/S03ssh"), or that
 * of the script itself. Returns whether the script has an entry there.
 */
bool scripts_path(const struct scripts *scripts, char level, const char *name, char *path,
		  size_t size);

/* Does the path lead to one of our directories, or into it? */
bool scripts_cover(const struct scripts *scripts, const char *path);

/*
 * Adds the script that the file `file` below dirfd is, under its name, unless that is known or the
 * file cannot be read. 0 or -ENOMEM.
 */
int scripts_add(struct scripts *scripts, int dirfd, const char *file, const char *name);

/* Opens a directory for reading its names, apart from dirfd's own position. Owned, or NULL. */
DIR *scripts_names(int dirfd);

void scripts_free(struct scripts *scripts);

#endif
