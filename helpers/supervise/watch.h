/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The programs that were picked: looks at each, moves it on, and does what state.h answers. */
#ifndef INITFS_SUPERVISE_WATCH_H
#define INITFS_SUPERVISE_WATCH_H

#include "supervise/leftover.h"
#include "supervise/pick.h"
#include "supervise/ready.h"
#include "supervise/shown.h"
#include "supervise/state.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct run {
	const struct entry *entry;
	struct service service;
	pid_t pid;
	int pidfd; /* -EBADF while it has no process */
	struct probe probe; /* is_ready's */
	struct leftover leftover; /* of a screen that died */
	bool owes_console; /* given up; the text console comes when nothing is left behind */
	struct shown shown;
	bool lacks_device; /* that is all it waits for */
	bool is_looked_at; /* nothing more is to be learned about what its screen shows */
	char why[256]; /* why it waits, or could not be started */
};

struct watch {
	uint64_t began;
	int timeline;
	bool is_ending; /* all were told to end */
	bool is_asked[ENTRY_KINDS]; /* init's scripts wait for somebody who needs that kind */
	uint64_t asked_look; /* when that is looked at next */
	unsigned int count;
	struct run runs[PICK_MAX]; /* in the order of the picks: needs before those who need them */
};

/* Everything waits from now on. The candidates have to outlive it. */
void watch_init(struct watch *watch, const struct candidate *candidates, const struct picks *picks,
		uint64_t now);

/* One look at each, in order: starts what may start, sees who is ready, keeps the deadlines. */
void watch_look(struct watch *watch);

/* The process of run has ended: collects it. is_final: it is not to be started again. */
void watch_collect(struct watch *watch, struct run *run, bool is_final);

/* Sends a signal to all, the last first; what waits or rests is not started any more. */
void watch_stop(struct watch *watch, int signal_number);

/* When the next look is due at the latest; 0: only when something happens. */
uint64_t watch_next(const struct watch *watch, uint64_t now);

/* Is there anything left that may still start, end or be started again? */
bool watch_has_work(const struct watch *watch);

/*
 * Is a screen on its way: waited for, started, or ready and not yet seen to show anything? Who
 * gives it the way first may stop doing so when this is no longer true.
 */
bool watch_screen_comes(const struct watch *watch);

/* Closes all descriptors, and with undo takes the mounts away that the programs were given. */
void watch_close(struct watch *watch, bool undo);

/* CLOCK_BOOTTIME in microseconds. */
uint64_t watch_now(void);

#endif
