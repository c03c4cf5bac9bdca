/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: which runlevel this boot goes to, and which one init says it is in. */
#ifndef INITFS_SUPERVISE_RUNLEVEL_H
#define INITFS_SUPERVISE_RUNLEVEL_H

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

/*
 * The runlevel in the records of utmp(5): '2', '0', … or '\0' where init has not entered one yet
 * (bootmisc.sh empties the file at the end of rcS, and init writes its record after that).
 */
char runlevel_in_utmp(const void *records, size_t size);

/* A runlevel in which services are being stopped: a death is final. */
bool is_going_down(char runlevel);

/* A runlevel for people: rc starts what there is to start by itself. */
bool is_multi_user(char runlevel);

#endif
