/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All start scripts of a system, what each needs, and who needs whom. Pure. */
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

/*
 * Works out the edges, once, after everything was added. remote_root is true where fstab has a
 * remote file system: only then $remote_fs, which nearly every script has, means the network.
 * Returns 0 or -ENOMEM.
 */
int catalog_resolve(struct catalog *catalog, bool remote_fs);

/* The script of that name, or CATALOG_NONE. */
size_t catalog_find(const struct catalog *catalog, const char *name);

/*
 * Marks in reached[count] everything that service needs or wants first, itself included: the
 * closure over all edges, the optional ones too.
 */
void catalog_closure(const struct catalog *catalog, size_t service, bool *reached);

/*
 * Puts the wanted[count] services into order[] so that each stands behind all it needs or wants
 * (a circle is cut somewhere). Returns how many they are.
 */
size_t catalog_order(const struct catalog *catalog, const bool *wanted, size_t *order);

void catalog_free(struct catalog *catalog);

/* Does an /etc/fstab name a remote file system that is mounted at boot? Takes text apart in place. */
bool fstab_has_remote(char *text);

#endif
