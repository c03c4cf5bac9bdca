/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of fstab(5), as mount(8) understands them. Pure. libmount would do it, and does in
 * initfs-overlay; Debian has no static libmount, so that the static programs read them with this.
 */
#ifndef INITFS_FSTAB_H
#define INITFS_FSTAB_H

#include <stdbool.h>

#define FSTAB_PATH "/etc/fstab"
#define FSTAB_MAX (1024 * 1024) /* bytes: nobody has more */

/* The strings point into the text, unescaped. */
struct fstab_line {
	const char *source; /* also "UUID=…" */
	const char *target; /* "none" for swap; without slashes at its end, as mountinfo has it */
	const char *type;
	const char *options; /* "" where the line ends before them */
};

/*
 * Takes the next line off *text, in place; false at the end. Comments are passed over, and so are
 * lines without a type, which mount(8) does not understand either.
 */
bool fstab_next(char **text, struct fstab_line *ret_line);

#endif
