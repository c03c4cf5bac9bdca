/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All start scripts of a system and what each says of itself. Pure. */
#ifndef INITFS_CATALOG_H
#define INITFS_CATALOG_H

#include "rcfilter/chkconfig.h"
#include "rcfilter/facility.h"
#include "rcfilter/lsb.h"

#define CATALOG_NONE ((size_t)-1)

/* "This one starts after service `to`." Where required, it cannot do its work without that one. */
struct edge {
	size_t to;
	bool required;
};

struct service {
	char *name; /* the script's, which need not be what it provides */
	struct lsb lsb; /* of the override where there is one */
	struct chkconfig chkconfig;
	char *needs_network; /* the word that says so ("$network"), or NULL */
	size_t size; /* of its text */
	char *pidfile; /* "# pidfile:" or PIDFILE= without a variable in it, or NULL */
	bool makes_network; /* it is one of those that stand behind $network */
	bool locks_subsys; /* its text makes /var/lock/subsys/NAME */
	bool after_all; /* $all */
	size_t edges;
	struct edge *edge;
};

/* Zeroed memory is an empty one. */
struct catalog {
	size_t count;
	struct service *list;
	struct facilities facilities;
};

/* A script as it is read: its text, and that of an override (NULL where there is none). */
struct catalog_text {
	const char *name;
	const char *text;
	size_t size;
	const char *override_text;
	size_t override_size;
};

/* Adds a script. Returns 0 or -ENOMEM. */
int catalog_add(struct catalog *catalog, const struct catalog_text *script);

/* The script of that name, or CATALOG_NONE. */
size_t catalog_find(const struct catalog *catalog, const char *name);

void catalog_free(struct catalog *catalog);

#endif
