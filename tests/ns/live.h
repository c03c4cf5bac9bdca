/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that work in a view while it moves to the disk, each of another kind; each knows by heart
 * what it has written and checks it. What a role does: begin once, step for n = 0, 1, 2, … until the
 * end is called, end with the number of steps.
 */
#ifndef INITFS_TEST_LIVE_H
#define INITFS_TEST_LIVE_H

#include <stddef.h>
#include <stdint.h>

#define WHERE_MAX 64

struct worker {
	const char *role;
	unsigned int number; /* of all workers */
	unsigned int copy; /* of those of this role */
	char home[WHERE_MAX]; /* a directory that nobody else uses, absolute */
	int is_absolute; /* its names for rename and link; else they are relative to dir */
	const char *shared; /* one that all of this role use */
	int dir; /* the home */
	int fd; /* the role's own, like at */
	int at;
	unsigned int parts;
	void *memory;
};

struct role {
	const char *name;
	unsigned int copies;
	void (*begin)(struct worker *worker);
	void (*step)(struct worker *worker, uint64_t n);
	void (*end)(struct worker *worker, uint64_t count);
	/* When all have ended: is what all copies have counted together what is there? */
	void (*sum)(struct worker *worker, uint64_t count);
};

extern const struct role live_files[];
extern const struct role live_others[];

/* Ends the program with the words of the call and errno where result is negative. */
long long live_need(struct worker *worker, long long result, const char *call);
#define NEED(call) live_need(worker, (long long)(call), #call)

/* Ends the program where the condition does not hold. */
void live_expect(struct worker *worker, int holds, const char *condition, uint64_t n);
#define EXPECT(condition, n) live_expect(worker, !!(condition), #condition, n)

/* "HOME/NAME", in one of a few buffers that are used in turn. */
const char *live_path(const struct worker *worker, const char *name);
/* printf into one of those buffers. */
__attribute__((format(printf, 1, 2))) const char *live_text(const char *format, ...);

#define LINE_MAX_LIVE 48
/* The n-th line of a worker; returns its length. */
size_t live_line(const struct worker *worker, uint64_t n, char line[LINE_MAX_LIVE]);
/* A file has to hold lines from..to-1, nothing else. Returns the line after the last one. */
uint64_t live_expect_lines(struct worker *worker, const char *path, uint64_t from, uint64_t to);
/* The home has to hold that many names. */
void live_expect_names(struct worker *worker, const char *directory, uint64_t count);

#endif
