/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: the runlevel that init says it is in. */
#ifndef INITFS_UTMP_H
#define INITFS_UTMP_H

#include <stdbool.h>
#include <stddef.h>

#define UTMP_PATH "/run/utmp"
#define UTMP_MAX (1 << 20)

/*
 * The runlevel in the records of utmp(5): '2', '0', … or '\0' where init has not entered one yet
 * (bootmisc.sh empties the file at the end of rcS, and init writes its record after that).
 */
char runlevel_in_utmp(const void *records, size_t size);

/* A runlevel in which services are being stopped: a death is final. */
bool is_going_down(char runlevel);

#endif
