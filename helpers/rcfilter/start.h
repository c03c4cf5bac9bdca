/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One start after the other: who asks, what is decided, which process then is which service, and
 * how it ended. Knows nothing of FUSE: views.c asks here and answers there.
 */
#ifndef INITFS_START_H
#define INITFS_START_H

#include "rcfilter/board.h"
#include "rcfilter/load.h"
#include "rcfilter/netlink.h"
#include "rcfilter/runner.h"

#define SEEN_MAX 64

struct options {
	unsigned int net_wait; /* seconds that the late slot waits for a network that is coming */
	bool pace_gui;
	bool pace_io;
};

/* A process that became a script through our gate and has not ended. */
struct script {
	struct script *next;
	pid_t pid;
	int pidfd; /* owned; says when it has ended, not how */
	size_t service; /* CATALOG_NONE: the late slot */
	bool is_aside; /* it got the no-op, and gets the same text when its shell opens it */
	bool is_lost; /* it began under a server that has died since */
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
};

/* Microseconds of CLOCK_BOOTTIME. */
uint64_t starts_now(void);

/* Takes over what a dead server had begun (board). 0 or -errno. */
int starts_init(struct starts *starts);

void starts_free(struct starts *starts);

/* A process has read that entry's link. */
void starts_seen(struct starts *starts, pid_t pid, const char *entry);

/*
 * A process reads the directory of that level. Returns true where a runner does so to halt, to
 * reboot or for single-user mode: then nothing of ours may be in its way.
 */
bool starts_directory(struct starts *starts, pid_t pid, char level, bool is_flat);

/* Does that process see the late slot listed? Runners and the ls of LFS's runner do. */
bool starts_is_listing(const struct starts *starts, pid_t pid);

/* An open(2) as the kernel reports it. */
struct opening {
	pid_t pid;
	const char *name; /* of the file */
	char level; /* of its directory, where that is an rcN.d */
	bool is_exec; /* to be executed (Linux hands FMODE_EXEC down) */
	bool is_plain; /* for reading, without O_DIRECT */
};

enum answer {
	ANSWER_FILE, /* the file itself */
	ANSWER_TEXT, /* *ret_text in its place */
	ANSWER_HOLD, /* ask again at *ret_until, or when something changed */
};

/*
 * Decides an open. On ANSWER_TEXT *ret_text is the caller's. *ret_watched: the process is a script
 * of ours, so its FLUSH is wanted.
 */
enum answer starts_open(struct starts *starts, const struct opening *opening, char **ret_text,
			uint64_t *ret_until, bool *ret_watched);

/* A held open was given up by its process (a signal). */
void starts_abandoned(struct starts *starts, const struct opening *opening);

/* A process closes a script: if it is exiting, its result is known from here on. */
void starts_flushed(struct starts *starts, pid_t pid);

/* A pidfd says that pid has ended. Returns true where it was the default runlevel's runner. */
bool starts_ended(struct starts *starts, pid_t pid);

/* Takes the exits that the proc connector has reported. */
void starts_exits(struct starts *starts);

/* Asks for the network again. */
void starts_network(struct starts *starts);

#endif
