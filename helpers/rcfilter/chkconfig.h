/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header of Red Hat's chkconfig and the tags of Mandriva's parallel init. Pure. */
#ifndef INITFS_CHKCONFIG_H
#define INITFS_CHKCONFIG_H

#include "rcfilter/words.h"

struct chkconfig {
	bool is_service; /* a good "# chkconfig:" line stands there */
	bool level[10]; /* it is on in that runlevel by default */
	int start; /* 0…99: S and K numbers */
	int stop;
	bool hidden;
	char *pidfile; /* NULL where none is named */
	char *process;
	bool parallel; /* X-Parallel-Init */
	bool parallel_interactive;
	struct words parallel_requires;
};

/*
 * Reads the comments of text (size bytes, any bytes). *ret_chkconfig is the caller's to
 * chkconfig_free. Returns 0 or -ENOMEM.
 */
int chkconfig_parse(const char *text, size_t size, struct chkconfig *ret_chkconfig);

void chkconfig_free(struct chkconfig *chkconfig);

#endif
