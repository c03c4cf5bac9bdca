/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs for the time in which init's scripts wait for somebody: to repair the machine, to unlock a disk. */
#ifndef INITFS_SUPERVISE_ASKED_H
#define INITFS_SUPERVISE_ASKED_H

#include "supervise/watch.h"

#include <stdbool.h>

/*
 * Sees whether one of init's scripts asks, at most once a second. sulogin: a check has failed, and the
 * console is for maintenance, while its shell runs, too. (A boot that is single-user has no screen, and
 * no recovery.) From then on a recovery waits as any screen does. askpass: Debian's cryptdisks wants a
 * passphrase. Then an unlock waits as any screen does; it ends when it has been answered, and is there
 * for the next question. When init has come to its runlevel both are over.
 */
void asked_look(struct watch *watch);

/* Is run one that nobody needs yet? */
bool waits_to_be_asked(const struct watch *watch, const struct run *run);

#endif
