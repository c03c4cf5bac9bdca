/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls that take two paths. */
#include "config.h"

#include "hold/walks.h"
#include "hold/held.h"

#include "common/clock.h"
#include "common/proc.h"
#include "passthrough/wait.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SETTLE_USEC 1000000
#define LOOK_MSEC 1 /* between two looks at who has not settled */
/* A walk between two paths is some microseconds of work; see is_settled. */
#define BETWEEN_NSEC 100000
/* Questions of one thread that are answered; more than the two longest walks with symlinks ask. */
#define ANSWERS_MAX 512

/*
 * Whoever has asked anything so lately: the kernel may have walked the first path of its next call by
 * what it knew, without a question, so the last one need not have been a walk's.
 */
#define LATELY_SEC 10

/* A thread that has asked lately. */
struct walker {
	pid_t tid;
	bool is_settled;
	bool was_seen; /* running, when it had used that much of the processor: */
	uint64_t nsec;
	unsigned int answers;
};

struct walkers {
	struct walker *list; /* owned */
	size_t count;
};

enum place {
	PLACE_ELSEWHERE, /* in no call with two paths, or past its walks */
	PLACE_RUNNING, /* could be anywhere */
	PLACE_ASKING, /* in a call with two paths, waiting for us */
};

/* What a path walk asks: names, permissions (attributes, ACLs), symlinks. */
static bool is_walk(const struct fuse_in_header *request)
{
	return request->opcode == FUSE_LOOKUP || request->opcode == FUSE_GETATTR ||
	       request->opcode == FUSE_READLINK || request->opcode == FUSE_GETXATTR;
}

static unsigned int seconds_now(void)
{
	return (unsigned int)(clock_usec(CLOCK_MONOTONIC_COARSE) / 1000000); /* asks no kernel */
}

void walks_note(struct walk_table *table, const struct fuse_in_header *request)
{
	/* Two threads with one place are rare, and the loss is a rename that may see the switch. */
	struct walk_note *note = &table->notes[request->pid % WALK_TABLE];

	atomic_store_explicit(&note->when, seconds_now(), memory_order_relaxed);
	atomic_store_explicit(&note->tid, request->pid, memory_order_relaxed);
}

/* The numbers of x86's 32-bit programs, which /proc shows without saying so, mean there too no walk
 * of one path. */
static bool takes_two_paths(long number)
{
	static const long numbers[] = {
#ifdef SYS_rename
		SYS_rename,	     SYS_link,
#endif
#ifdef SYS_renameat
		SYS_renameat,
#endif
		SYS_renameat2,	     SYS_linkat,
#ifdef __x86_64__
		38 /* rename */,     9 /* link */, 302 /* renameat */, 303 /* linkat */,
		353 /* renameat2 */,
#endif
	};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i] == number)
			return true;
	return false;
}

/*
 * A thread that has gone on to a lock (lock_rename, filename_create) has walked both of its paths.
 * Without kallsyms there is no telling, and it is waited for.
 */
static bool is_past_walks(pid_t tid)
{
	char where[128];

	return proc_read(AT_FDCWD, tid, "wchan", where, sizeof(where)) >= 0 &&
	       strcmp(where, "0") != 0 && !strstr(where, "request_wait") && !strstr(where, "fuse");
}

/* Who has ended and is not reaped yet looks like a worker of io_uring, and asks nothing any more. */
static bool is_dead(pid_t tid)
{
	char text[512];
	const char *end;

	if (proc_read(AT_FDCWD, tid, "stat", text, sizeof(text)) < 0)
		return true;
	end = strrchr(text, ')'); /* of its name, which may have any bytes */
	return end && (strncmp(end, ") Z", 3) == 0 || strncmp(end, ") X", 3) == 0);
}

static enum place place_of(pid_t tid)
{
	char text[256];

	if (proc_read(AT_FDCWD, tid, "syscall", text, sizeof(text)) < 0)
		return PLACE_ELSEWHERE;
	if (!isdigit((unsigned char)text[0]) && text[0] != '-')
		return PLACE_RUNNING;
	/* The workers of io_uring are in no call: -1. Renames of theirs are told from nothing else. */
	if (text[0] == '-' ? is_dead(tid) : !takes_two_paths(strtol(text, NULL, 10)))
		return PLACE_ELSEWHERE;
	return is_past_walks(tid) ? PLACE_ELSEWHERE : PLACE_ASKING;
}

/*
 * A thread that runs may be just between its paths, or at work in the program. The time it has had
 * on a processor tells: the kernel counts it when the thread leaves a processor and at each tick, so
 * what has come on top since it was first seen was used after it was answered.
 */
static bool has_run(struct walker *walker)
{
	char text[64];
	uint64_t nsec;

	if (proc_read(AT_FDCWD, walker->tid, "schedstat", text, sizeof(text)) < 0)
		return false;
	nsec = strtoull(text, NULL, 10);
	if (!walker->was_seen) {
		walker->was_seen = true;
		walker->nsec = nsec;
	}
	return nsec - walker->nsec > BETWEEN_NSEC;
}

static bool is_settled(struct walker *walker)
{
	enum place place = place_of(walker->tid);

	return place == PLACE_ELSEWHERE || (place == PLACE_RUNNING && has_run(walker));
}

static int collect(const struct walk_table *table, struct walkers *ret_walkers)
{
	unsigned int now = seconds_now();
	size_t i;

	*ret_walkers = (struct walkers){ .list = calloc(WALK_TABLE, sizeof(struct walker)) };
	if (!ret_walkers->list)
		return -ENOMEM;
	for (i = 0; i < WALK_TABLE; i++) {
		const struct walk_note *note = &table->notes[i];
		unsigned int tid = atomic_load_explicit(&note->tid, memory_order_relaxed);
		unsigned int when = atomic_load_explicit(&note->when, memory_order_relaxed);

		if (tid && now - when <= LATELY_SEC)
			ret_walkers->list[ret_walkers->count++].tid = (pid_t)tid;
	}
	return 0;
}

static struct walker *find(const struct walkers *walkers, uint32_t tid)
{
	size_t i;

	for (i = 0; i < walkers->count; i++)
		if (walkers->list[i].tid == (pid_t)tid)
			return &walkers->list[i];
	return NULL;
}

/* Whether the thread is in its walks, and has to get on with this question. */
static bool is_due(const struct held *one, struct walker *walker)
{
	if (!walker || walker->is_settled)
		return false; /* the first question of a new call */
	walker->is_settled = !is_walk(one->request) || walker->answers >= ANSWERS_MAX ||
			     place_of(walker->tid) == PLACE_ELSEWHERE;
	return !walker->is_settled;
}

/* Takes the next held question that has to be answered now; NULL where there is none. */
static struct held *take_due(struct hold *hold, const struct walkers *walkers)
{
	struct held *one = NULL;
	struct held **slot;

	pthread_mutex_lock(&hold->gate.lock);
	for (slot = &hold->held; *slot; slot = &(*slot)->next) {
		struct walker *walker = find(walkers, (*slot)->request->pid);

		if ((*slot)->is_judged)
			continue;
		(*slot)->is_judged = true;
		if (!is_due(*slot, walker))
			continue;
		walker->answers++;
		walker->was_seen = false;
		one = held_take(hold, slot);
		break;
	}
	pthread_mutex_unlock(&hold->gate.lock);
	return one;
}

/* What an earlier seal has kept and nobody has come to since is looked at again. */
static void judge_anew(struct hold *hold)
{
	struct held *one;

	pthread_mutex_lock(&hold->gate.lock);
	for (one = hold->held; one; one = one->next)
		one->is_judged = false;
	pthread_mutex_unlock(&hold->gate.lock);
}

/* Looks at those who are not settled yet; returns how many are left. */
static unsigned int settle(struct walkers *walkers)
{
	unsigned int left = 0;
	size_t i;

	for (i = 0; i < walkers->count; i++) {
		struct walker *walker = &walkers->list[i];

		if (!walker->is_settled)
			walker->is_settled = is_settled(walker);
		left += !walker->is_settled;
	}
	return left;
}

/* Until a request comes, at most for the time between two looks. */
static void wait_for_news(struct hold *hold)
{
	struct timespec until = wait_limit(LOOK_MSEC);

	pthread_mutex_lock(&hold->gate.lock);
	(void)pthread_cond_timedwait(&hold->held_came, &hold->gate.lock, &until);
	pthread_mutex_unlock(&hold->gate.lock);
}

/* What the kernel knows of the roots' attributes would let a new call pass without a question. */
void walks_ask_at_the_door(const struct hold *hold)
{
	size_t i;

	for (i = 0; i < hold->count; i++)
		if (hold->views[i].session)
			(void)fuse_lowlevel_notify_inval_inode(hold->views[i].session, FUSE_ROOT_ID,
							       -1, 0);
}

unsigned int walks_settle(struct hold *hold)
{
	struct walkers walkers;
	uint64_t limit = clock_usec(CLOCK_MONOTONIC) + SETTLE_USEC;
	unsigned int left;

	walks_ask_at_the_door(hold);
	if (collect(&hold->walks, &walkers) < 0)
		return 0; /* without memory the switch may be seen, which is the lesser evil */
	judge_anew(hold);
	while (clock_usec(CLOCK_MONOTONIC) < limit) {
		struct held *one = take_due(hold, &walkers);

		if (one)
			held_answer(one);
		else if (!settle(&walkers))
			break;
		else
			wait_for_news(hold);
	}
	left = settle(&walkers);
	free(walkers.list);
	return left;
}

/* To the kernel, past libfuse, which knows nothing of this request yet. */
static void answer_stale(const struct held *one)
{
	const struct fuse_out_header answer = {
		.len = sizeof(answer),
		.error = -ESTALE,
		.unique = one->request->unique,
	};

	/* An error says that whoever asked has been killed. */
	if (write(fuse_session_fd(one->view->session), &answer, sizeof(answer)) < 0)
		return;
}

static bool is_at_the_door(const struct view *view, const struct held *one)
{
	return one->view == view && one->request->opcode == FUSE_GETATTR &&
	       one->request->nodeid == FUSE_ROOT_ID &&
	       place_of((pid_t)one->request->pid) == PLACE_ASKING;
}

void walks_restart(struct view *view)
{
	struct hold *hold = view->hold;
	struct held **slot;

	pthread_mutex_lock(&hold->gate.lock);
	for (slot = &hold->held; *slot;) {
		struct held *one = *slot;

		if (!is_at_the_door(view, one)) {
			slot = &one->next;
			continue;
		}
		answer_stale(one);
		free(held_take(hold, slot));
	}
	pthread_mutex_unlock(&hold->gate.lock);
}
