/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Services × events × time to run, aside or hold. Pure: it is handed its time and its facts. */
#ifndef INITFS_DECIDE_H
#define INITFS_DECIDE_H

#include "rcfilter/catalog.h"
#include "rcfilter/netlink.h"

#include <stdint.h>
#include <sys/types.h>

#define MSEC 1000ULL
#define SECOND (1000ULL * MSEC) /* all times are microseconds of CLOCK_BOOTTIME */

/*
 * How long one start may be held, and all of them together. startpar counts a held script as a
 * running one (four for each CPU), so a hold takes room from services that nobody wants to hold.
 */
#define HOLD_ONE (1500 * MSEC)
#define HOLD_ALL (8 * SECOND)
#define HOLD_MANY 2 /* at the same time */

/* Processes that had to wait for the disk in the last ten seconds, in percent: PSI's some avg10. */
#define IO_BUSY 40

enum state {
	STATE_IDLE, /* not started, not asked for */
	STATE_HELD, /* its start waits for our answer */
	STATE_STARTING, /* its script runs */
	STATE_RAN, /* its script has ended well, or in a way that nobody can see */
	STATE_SKIPPED, /* 5 or 6: not installed, not configured; nobody's failure */
	STATE_FAILED,
	STATE_ASIDE,
	STATES
};

enum why {
	WHY_NONE,
	WHY_NETWORK, /* it requires a network and there is none */
	WHY_FAILED, /* a service that it requires has failed */
	WHY_ASIDE, /* a service that it requires stepped aside */
	WHY_LOST, /* our own process had died under its start: it comes again in the late slot */
	WHY_SCREEN, /* held: the screen comes first */
	WHY_CHECK, /* held: it checks disks that the screen reads from */
	WHY_DISK, /* held: the disk is busy */
	WHYS
};

/* What is known of one service. It lives in memory that guard and server share: no pointers. */
struct record {
	enum state state;
	enum why why; /* of STATE_ASIDE and STATE_HELD */
	size_t culprit; /* the service that WHY_FAILED and WHY_ASIDE speak of */
	int code; /* of STATE_FAILED and STATE_SKIPPED: an exit code, or -SIGNAL */
	pid_t pid; /* of the script while it runs */
	uint64_t asked; /* when its start was first asked for; 0: never */
	uint64_t begun;
	uint64_t ended;
	uint64_t held; /* how long it was held in all */
	bool back; /* it had stepped aside and was started after all */
	bool left; /* its script goes on, and the boot without it */
};

/* The world at one instant. */
struct facts {
	uint64_t now;
	bool network;
	bool parallel; /* the runner starts others while one is held */
	bool screen_pending; /* a screen has been started and is not ready */
	bool screen_shares; /* the screen comes first for the processors, but not for the disk */
	bool pace_gui;
	bool pace_io;
	unsigned int io_percent;
	uint64_t held_all; /* what all holds have cost so far */
	uint64_t hold_check; /* how long the check is held beside a screen; for itself */
	const bool *screen_needs; /* [count]: services that the screen needs; NULL where unknown */
};

enum verdict { VERDICT_RUN, VERDICT_ASIDE, VERDICT_HOLD };

struct decision {
	enum verdict verdict;
	enum why why;
	size_t culprit;
	uint64_t until; /* of VERDICT_HOLD: ask again then at the latest, or when a fact changes */
};

/*
 * What to do with the start of service, which may be CATALOG_NONE: what we do not know runs. A
 * hold never outlives its bounds: the same question at `until` is answered with RUN or ASIDE.
 */
struct decision decide_start(const struct catalog *catalog, const struct record *records,
			     size_t service, const struct facts *facts);

/* Its script has begun, as pid. */
void record_begin(struct record *record, pid_t pid, uint64_t now);

/* It stepped aside, or is held, for the reason in decision. */
void record_aside(struct record *record, const struct decision *decision, uint64_t now);
void record_hold(struct record *record, const struct decision *decision, uint64_t now);

/* Our server died: whoever reads a script through the dead view may have read half of it. */
void record_lose(struct record *record);

/*
 * Is a script to be started again whose server had died under it, now that it has ended with that
 * code? So much of it the kernel has read ahead when it was executed, and that stays in its cache:
 * one that is no longer was read whole by who ended with 0. What checks and mounts file systems is
 * better not started twice.
 */
#define READ_AHEAD 16384
bool decide_again(int code, size_t size);

/* How a script ended: an exit code, -SIGNAL, or RESULT_UNKNOWN. */
#define RESULT_UNKNOWN 0x10000
void record_end(struct record *record, int code, uint64_t now);

/*
 * The services that stepped aside and could start now, in the order in which to start them; those
 * whose blockers are among them count. order[count]; returns how many.
 */
size_t decide_late(const struct catalog *catalog, const struct record *records,
		   const struct facts *facts, size_t *order);

/* Is anybody aside who would come back with a network? */
bool decide_waits_for_network(const struct catalog *catalog, const struct record *records);

/*
 * A script that makes the network is left to itself, so that the boot goes on without it, when
 * there is nothing that it could wait for: an interface is up and none that has a carrier lacks an
 * address, for LEAVE_DARK. A carrier is worth patience: whoever gives out addresses may be slow.
 */
#define LEAVE_DARK (5 * SECOND)

/* When a script that makes the network runs: since when what it waits for is as it is. 0: never. */
struct making {
	uint64_t begun;
	uint64_t dark; /* since when nothing is to be seen that it could wait for */
};

/* Asked when a fact has changed and now and then; notes dark. patience: with a carrier, in all. */
bool decide_leave(struct making *making, const struct network *network, uint64_t now,
		  uint64_t patience);

/* Marks what the screen needs: the closure of everything that a display manager is or wants. */
void decide_screen_needs(const struct catalog *catalog, bool *needs);

const char *state_name(enum state state);

/*
 * One sentence about a service for a person: why it is where it is. Cut where it does not fit.
 * Returns its length.
 */
size_t explain(const struct catalog *catalog, const struct record *records, size_t service,
	       char *text, size_t size);

#endif
