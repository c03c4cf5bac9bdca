/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the starts of a boot have in common: the records, the processes, the runner that is followed.
 * running.h, follow.h and world.h keep it up to date, start.h decides with it.
 */
#ifndef INITFS_STARTS_H
#define INITFS_STARTS_H

#include "rcfilter/board.h"
#include "rcfilter/load.h"
#include "rcfilter/netlink.h"

#include <stdint.h>
#include <sys/types.h>

#define SEEN_MAX 64

struct options {
	unsigned int net_wait; /* seconds that the late slot waits for a network that is coming */
	bool net_route; /* only a default route makes a network */
	bool pace_gui;
	bool pace_io;
	unsigned int screen_wait; /* seconds that the check of the disks waits for a screen */
};

/* A process that became a script through our gate and has not ended. */
struct script {
	struct script *next;
	pid_t pid;
	int pidfd; /* owned; says when it has ended, not how */
	size_t service; /* CATALOG_NONE: the late slot */
	bool is_aside; /* it got the no-op, and gets the same text when its shell opens it */
	bool is_lost; /* it began under a server that has died since */
	bool is_leavable; /* it got late_leavable() */
	bool is_left; /* …and was told to go */
	struct making making; /* …and has begun what it is there for */
};

struct starts {
	const struct options *options;
	struct scripts *scripts;
	struct board *board;
	int proc; /* of /proc; owned by the caller, as are those below */
	int timeline;
	int state; /* of /run/initfs */
	int exits; /* result_watch(), or -errno */
	int epoll; /* where pidfds are added, with the pid as data */
	bool *screen_needs;
	struct network network;
	struct script *running;
	struct { /* which entry a child of a sequential runner has just looked at */
		pid_t pid;
		char entry[64];
	} seen[SEEN_MAX];
	size_t seen_next;
	int runner_fd; /* pidfd of the default runlevel's runner (board->runner), or -EBADF */
	uint64_t late_since; /* when the late slot was first asked for */
	int early; /* the timeline for reading, and what was read of it */
	off_t early_read;
	int screens_pending;
	bool screen_shares; /* share.begin, and no share.end yet */
	struct { /* what /proc/diskstats said last, where there is no PSI */
		uint64_t asked;
		uint64_t worked;
		unsigned int percent;
	} disk;
};

static inline const struct catalog *starts_catalog(const struct starts *starts)
{
	return &starts->scripts->catalog;
}

/* Takes over what a dead server had begun (board). 0 or -errno. */
int starts_init(struct starts *starts);

void starts_free(struct starts *starts);

/* Notes an event of a service (CATALOG_NONE: of the late slot) in the timeline; key may be NULL. */
void starts_mark(const struct starts *starts, const char *event, size_t service, const char *key,
		 const char *value);

#endif
