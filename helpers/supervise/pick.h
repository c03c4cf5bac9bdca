/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: which entries are started, and in which order, given what was asked for and what is there. */
#ifndef INITFS_SUPERVISE_PICK_H
#define INITFS_SUPERVISE_PICK_H

#include "supervise/conf.h"

#include <stdbool.h>

#define PICK_MAX 32

/* What is known about an entry in this root. */
struct candidate {
	struct entry entry;
	bool is_installed; /* its program exists */
	bool is_due; /* so does the file of While=, if it has one */
	bool is_enabled; /* rc or init would start it in this boot's runlevel, or have no say in it */
	bool is_inits; /* inittab starts it, and would not see that it runs already */
};

struct request {
	const char *syslog; /* "auto", "off" or a name */
	const char *gui;
	const char *recovery;
	const char *default_screen; /* the distribution's choice (a name), or NULL */
	const char *no_screen; /* why this boot has no screen, or NULL */
	char runlevel;
};

/* Indices into the candidates; everything stands behind what it needs or wants. */
struct picks {
	unsigned int count;
	unsigned int pick[PICK_MAX];
};

/* Called for what is not started, and for a request that had to be replaced by auto. */
typedef void pick_say(void *context, const char *name, const char *why);

/*
 * Chooses. name is that of an entry, or "syslog" or "screen" where none was found. A request that
 * names no entry is said through complain, with what there is, and auto is used instead.
 */
void pick_make(const struct candidate *candidates, unsigned int count,
	       const struct request *request, pick_say *skip, pick_say *complain, void *context,
	       struct picks *ret_picks);

/* The index of the candidate with that name, or -1. */
int pick_find(const struct candidate *candidates, unsigned int count, const char *name);

#endif
