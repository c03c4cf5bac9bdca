/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a distribution's own start scripts say on the console what became of them. Pure. */
#ifndef INITFS_STYLE_H
#define INITFS_STYLE_H

#include <stddef.h>

enum style {
	STYLE_PLAIN, /* Slackware, Buildroot, OpenEmbedded: a sentence */
	STYLE_DEBIAN, /* log_action_msg: "[info] … ." */
	STYLE_RED_HAT, /* a sentence, and "[PASSED]" in column 60 */
	STYLE_LFS, /* " *  …", and "[ SKIP ]" at the right */
	STYLE_SUSE, /* a sentence, and "skipped" at the right */
	STYLES
};

/* The line that says sentence, without its newline; cut where it does not fit. Its length. */
size_t style_line(enum style style, const char *sentence, char *text, size_t size);

/*
 * By which file of a root one knows its style; *ret_style is that of number i. NULL: those were all.
 * The first that is there counts; where none is, STYLE_PLAIN.
 */
const char *style_mark(size_t i, enum style *ret_style);

#endif
