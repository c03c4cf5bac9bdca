/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs for the time in which init has stopped for somebody to repair the machine. */
#ifndef INITFS_SUPERVISE_MAINTENANCE_H
#define INITFS_SUPERVISE_MAINTENANCE_H

#include "supervise/watch.h"

#include <stdbool.h>

/*
 * Sees whether sulogin runs, at most once a second: it is what init's scripts give the console to when
 * a check has failed, and waits there while its shell runs. (A boot that is single-user has no screen,
 * and no recovery.) From then on a recovery waits as any screen does. When init has come to its
 * runlevel instead, it is over.
 */
void maintenance_look(struct watch *watch);

/* Is run a recovery that nobody needs yet? */
bool waits_for_maintenance(const struct watch *watch, const struct run *run);

#endif
