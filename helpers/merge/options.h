/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What initfs-merge was asked to do. */
#ifndef INITFS_MERGE_OPTIONS_H
#define INITFS_MERGE_OPTIONS_H

#include <stdbool.h>

struct options {
	const char *upper;
	const char *lower;
	const char *work; /* the overlay's workdir, where it had an index; or NULL */
	const char *staging; /* the directory that the staging directory goes to, or NULL */
	const char *root; /* with --wait, --now or --repaired */
	bool userxattr; /* the overlay's own attributes are user.overlay.* */
	bool dry_run;
	bool verbose;
	bool verify;
	bool wait;
	bool now;
	bool repaired; /* the root was, under its mount */
	bool manual; /* with wait: only when somebody asks, or in a shutdown */
};

#endif
