/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the root that we stand in has to say: entries, what is installed and enabled, which boot. */
#ifndef INITFS_SUPERVISE_ROOT_H
#define INITFS_SUPERVISE_ROOT_H

#include "supervise/pick.h"
#include "common/fault.h"

#define ROOT_ENTRIES_MAX 64

struct root {
	unsigned int count;
	struct candidate candidates[ROOT_ENTRIES_MAX]; /* sorted by name */
	char *cmdline;
	char *default_screen; /* base name of the distribution's choice, or NULL */
	char runlevel; /* which this boot goes to */
	const char *no_screen; /* why this boot has no screen, or NULL */
};

/*
 * Reads it all, in the root of this process; complain hears about lines of early.d that are wrong.
 * root_free it in any case. Returns 0 or -errno.
 */
int root_read(struct root *ret_root, conf_complain *complain, void *context, struct fault *fault);

void root_free(struct root *root);

/* The runlevel that init is in by now, or '\0'. */
char root_runlevel_now(void);

#endif
