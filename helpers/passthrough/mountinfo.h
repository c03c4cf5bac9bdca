/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of /proc/PID/mountinfo. Pure. Where libmount is at hand (not in a static helper), use that. */
#ifndef INITFS_MOUNTINFO_H
#define INITFS_MOUNTINFO_H

#include <stdbool.h>
#include <stdint.h>

struct mountinfo {
	uint64_t id;
	uint64_t parent;
	const char *device; /* MAJOR:MINOR of the file system */
	const char *root; /* unescaped, as the rest */
	const char *path;
	const char *type; /* "fuse.initfs-hold" */
	const char *source;
};

/* Takes a line (without newline) apart in place; the strings point into it. 0 or -EINVAL. */
int mountinfo_parse(char *line, struct mountinfo *ret_info);

/* Whether path lies below directory (and is not the directory itself). */
bool is_path_below(const char *path, const char *directory);

#endif
