/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of /proc/self/mountinfo. Pure. */
#ifndef INITFS_MERGE_MOUNTS_H
#define INITFS_MERGE_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The strings point into the line, unescaped. */
struct mount_line {
	uint64_t id;
	uint64_t parent;
	const char *root; /* the directory of the file system that is mounted */
	const char *target; /* as seen from our root */
	const char *options;
	const char *type;
	const char *source;
	const char *super; /* the file system's own options */
};

/* Takes a line (without newline) apart in place. Returns 0 or -EINVAL. */
int mounts_parse(char *line, struct mount_line *ret_mount);

/* Undoes \ooo in place: so write the kernel and fstab(5) a blank, newline, backslash or '#'. */
void mounts_unescape(char *text);

/* Is option among the comma separated ones, to the letter? */
bool mounts_has_option(const char *options, const char *option);

/*
 * Copies the value of the option key ("upperdir=") to value. *at starts as options and moves on, so
 * that repeated calls find each; false when there is none any more. overlayfs writes a comma or a
 * backslash in a path as \, and \\.
 */
bool mounts_next_value(const char **at, const char *key, char *value, size_t size);

/* Is path the directory, or below it? Both clean and absolute. */
bool is_at_or_below(const char *path, const char *directory);

#endif
