/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of /proc/self/mountinfo. libmount would do it, and does in initfs-overlay; Debian has no
 * static libmount, so that what outlives the initramfs as a static program reads them with this.
 */
#ifndef INITFS_MOUNTINFO_H
#define INITFS_MOUNTINFO_H

#include <stdbool.h>
#include <stdint.h>

#define MOUNTINFO_PATH "/proc/self/mountinfo"
/* fs.mount-max is 100000, and a line is seldom longer than 300 bytes. */
#define MOUNTINFO_MAX (64 * 1024 * 1024)

#define MOUNTINFO_VIEW "fuse.initfs-hold" /* the type of a view */

/* The strings point into the line; all but options and super are unescaped. */
struct mountinfo {
	uint64_t id;
	uint64_t parent;
	unsigned int major; /* of the device of the file system */
	unsigned int minor;
	const char *root; /* the directory of the file system that is mounted */
	const char *target; /* where, as seen from our root */
	const char *options;
	const char *type; /* "fuse.initfs-hold" */
	const char *source; /* may be empty */
	/* The file system's own. A comma inside of a value is \054 here until the value is cut out. */
	const char *super;
};

/* Takes a line (without newline) apart in place. 0 or -EINVAL. Pure. */
int mountinfo_parse(char *line, struct mountinfo *ret_info);

/* Is it a mount of ours over a directory: initfs-hold's, or the overlay that stands in for it? Pure. */
bool mountinfo_is_view(const struct mountinfo *mount);

/*
 * Takes the next line off *text, in place; false at the end. A line that is not one of mountinfo is
 * passed over: whatever it wants to say, no mount is known by it. Pure.
 */
bool mountinfo_next(char **text, struct mountinfo *ret_info);

/*
 * Reads all lines; the caller owns *ret_text. From Linux 5.8 a list that changes while it is read
 * has each mount at most once, and none that stayed is missing. 0 or -errno.
 */
int mountinfo_read(char **ret_text);

#endif
