/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: which runlevel this boot goes to. The one that init says it is in is common/utmp.h's. */
#ifndef INITFS_SUPERVISE_RUNLEVEL_H
#define INITFS_SUPERVISE_RUNLEVEL_H

#include "common/utmp.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The runlevel that sysvinit will enter: a word of the kernel command line that it reads so (2…5,
 * 1, single, S, s, emergency), else initdefault of inittab, else '2'. Single-user is 'S' or '1'.
 */
char runlevel_of_boot(const char *cmdline, const char *inittab);

/* Is word one of the words of the kernel command line? */
bool is_on_cmdline(const char *cmdline, const char *word);

/* Is a name of /etc/rcN.d ("S02rsyslog") the start of service? */
bool is_start_link(const char *name, const char *service);

/* A runlevel for people: rc starts what there is to start by itself. */
bool is_multi_user(char runlevel);

#endif
