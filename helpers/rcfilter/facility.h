/* SPDX-License-Identifier: GPL-2.0-or-later */
/* insserv.conf: what stands behind $network and its like. Pure. */
#ifndef INITFS_FACILITY_H
#define INITFS_FACILITY_H

#include "rcfilter/words.h"

struct facility {
	char *name; /* with its "$" */
	struct words members; /* services and facilities; "+" before an optional one */
};

/* Zeroed memory is none at all. */
struct facilities {
	size_t count;
	struct facility *list;
	struct words interactive; /* services that want the terminal for themselves */
};

/*
 * Adds what a file says (insserv.conf or one of insserv.conf.d; size bytes, any bytes); a facility
 * that is known already gets more members. Returns 0 or -ENOMEM.
 */
int facilities_add(struct facilities *facilities, const char *text, size_t size);

/* The facility of that name, or NULL. */
const struct facility *facilities_find(const struct facilities *facilities, const char *name);

void facilities_free(struct facilities *facilities);

#endif
