/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must outlive the process that serves the views: it lies in memory shared with the guard, so
 * that a new server knows what the dead one had begun. Fixed size, no pointers.
 */
#ifndef INITFS_BOARD_H
#define INITFS_BOARD_H

#include "rcfilter/decide.h"

/* The largest system seen has 320 scripts; those beyond the last place simply run. */
#define BOARD_MAX 1024

/* A request that was taken from the kernel and is not answered yet. 0: none. */
struct unanswered {
	uint64_t unique; /* the kernel's number of it */
	size_t view;
	uint32_t opcode;
	uint64_t handle; /* of a read: which part of what */
	uint64_t offset;
	size_t size;
};

/* Starts that wait at the same time; startpar has at most four for each processor. */
#define BOARD_HELD_MAX 256

/* rc reads one at a time, startpar two. An entry takes some 40 bytes. */
#define LISTS_MAX 8
#define LIST_SIZE (64 << 10)

/* What somebody who starts things reads: the entries of a runlevel, startpar's dependencies. */
struct list {
	uint64_t handle; /* 0: none */
	size_t view;
	bool is_directory;
	size_t size;
	char data[LIST_SIZE];
};

struct notes {
	pid_t server; /* whose */
	struct unanswered current; /* what the server is at */
	struct unanswered held[BOARD_HELD_MAX];
	struct list lists[LISTS_MAX];
};

struct board {
	unsigned int servers; /* how many processes have served the views so far */
	uint64_t held_all;
	uint64_t net_waited; /* how long the boot has waited for a network that was coming */
	char level; /* the runlevel whose runner was seen last: '2', 'S'; 0: none yet */
	pid_t runner; /* of the default runlevel; 0: not seen yet */
	bool over; /* the runner of the default runlevel has ended, or we were told to go */
	bool kept; /* a process of its own brings back who is aside: see keeper.h */
	bool off; /* …told to go: nothing is started afterwards */
	struct notes notes[2]; /* of this server and of the one before it, by turns */
	struct record records[BOARD_MAX];
};

/* The notes of the server that is at work. */
static inline struct notes *board_notes(struct board *board)
{
	return &board->notes[board->servers % 2];
}

/* Empty notes for this process, which is the server from now on. */
void board_begin(struct board *board);

/* The notes of the server that has died last, or NULL. */
const struct notes *board_of_dead(const struct board *board);

/* Maps an empty board, for good. NULL without memory. */
struct board *board_make(void);

#endif
