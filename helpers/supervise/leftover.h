/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a dead screen leaves behind: its X server and its helpers, in the way of the next one. */
#ifndef INITFS_SUPERVISE_LEFTOVER_H
#define INITFS_SUPERVISE_LEFTOVER_H

#include "supervise/conf.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct leftover {
	int server; /* pidfd of the X server, or -EBADF */
	pid_t session; /* whose processes have to go; 0: none */
	uint64_t deadline; /* then they are killed */
};

/* Nothing left behind. */
void leftover_init(struct leftover *leftover);

/*
 * A display manager that was killed leaves its X server, which keeps the terminal: the next one
 * would die of that, again and again. Tells the server that listens where the entry's screen does
 * to end, and every process of session, the dead one's own (a server that does not listen yet; the
 * sessions of people have ids of their own).
 */
void leftover_end(struct leftover *leftover, const struct entry *entry, pid_t session,
		  uint64_t now);

/*
 * The same where nobody knows who was the dead one: a server whose parent is init by now has lost
 * its display manager.
 */
void leftover_end_orphan(struct leftover *leftover, const struct entry *entry, uint64_t now);

/* Is any of it still there? What does not end in time is killed here. */
bool leftover_is_there(struct leftover *leftover, uint64_t now);

/* Forgets it, whatever it does. */
void leftover_close(struct leftover *leftover);

#endif
