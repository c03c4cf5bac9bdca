/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be seen of a service whose script said that all is well. */
#ifndef INITFS_EVIDENCE_H
#define INITFS_EVIDENCE_H

#include "rcfilter/catalog.h"

/* What LSB's status says of it: the program is not running. */
#define EVIDENCE_GONE 7

/*
 * Is there proof that it is not there: a pid file that names a process which does not exist, or no
 * lock in /var/lock/subsys although its script makes one? Without either there is no proof.
 */
bool evidence_is_gone(const struct service *service);

/*
 * Can its program be seen: its pid file (/run/NAME.pid where nothing else is said) names a process,
 * or there is its lock in /var/lock/subsys?
 */
bool evidence_is_there(const struct service *service);

#endif
