/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a program may start: what it needs, what it wants, its devices and directories. */
#ifndef INITFS_SUPERVISE_NEEDS_H
#define INITFS_SUPERVISE_NEEDS_H

#include "supervise/watch.h"

#include <stdbool.h>

enum need {
	NEED_MET,
	NEED_OPEN,
	NEED_LOST, /* it will not be met any more */
};

/* Pure: is /tmp, or a directory in it, among those that have to be writable? */
bool needs_tmp(const struct words *writable);

/* Everything that a first start of run waits for; run->why says what is not met. */
enum need needs_look(const struct watch *watch, struct run *run);

/*
 * Before each start: has init, or somebody at a shell, been faster? run->why then says who. is_first: it
 * has not been started before, so that init may be about to start it.
 */
bool is_taken(struct run *run, bool is_first);

#endif
