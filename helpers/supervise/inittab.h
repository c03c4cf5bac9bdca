/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: what init itself starts by a line of inittab(5), and how. */
#ifndef INITFS_SUPERVISE_INITTAB_H
#define INITFS_SUPERVISE_INITTAB_H

enum inittab_start {
	INITTAB_NO, /* no such line */
	INITTAB_ADOPTS, /* through initfs-supervise --adopt: it waits for what runs already */
	INITTAB_ITSELF, /* whatever runs already */
};

/*
 * How the lines for runlevel start what has word on its command line, a path or an option;
 * INITTAB_ITSELF where one of several does not adopt.
 */
enum inittab_start inittab_starts(const char *inittab, char runlevel, const char *word);

#endif
