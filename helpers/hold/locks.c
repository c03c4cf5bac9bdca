/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locks of programs, on the backing files. */
#include "config.h"

#include "hold/locks.h"
#include "hold/ops.h"
#include "hold/owners.h"

#include "common/fd.h"
#include "passthrough/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

/* How often a waiting lock is tried again where the holder is not one of ours and cannot tell. */
#define RETRY_MSEC 50

/* A request that is answered when it has the lock. */
struct lock_waiter {
	struct lock_waiter *next;
	fuse_req_t req;
	struct view *view;
	struct file *file;
	uint64_t owner;
	struct flock lock; /* POSIX, where is_flock is not set */
	int operation; /* flock */
	bool is_flock;
};

void locks_init(struct lock_table *table)
{
	*table = (struct lock_table){ 0 };
	(void)pthread_mutex_init(&table->lock, NULL);
	wait_init(&table->wake);
}

static void note_news(struct lock_table *table)
{
	table->has_news = true;
	pthread_cond_signal(&table->wake);
}

void locks_wake(struct lock_table *table)
{
	pthread_mutex_lock(&table->lock);
	if (table->waiters)
		note_news(table);
	pthread_mutex_unlock(&table->lock);
}

/* All tries: 0, -EAGAIN where somebody else has the lock, or -errno. Under the table's lock. */
static int posix_try(const struct lock_waiter *want)
{
	int r = owner_lock(want->view, want->file, want->owner, &want->lock);

	if (r == 0 && want->lock.l_type != F_WRLCK)
		note_news(&want->view->hold->locks); /* a read lock may have been a write lock */
	return r;
}

static int flock_try(const struct lock_waiter *want)
{
	int operation = want->operation & ~LOCK_NB;

	if (flock(want->file->fd, operation | LOCK_NB) < 0)
		return -errno; /* EWOULDBLOCK is EAGAIN in Linux */
	want->file->flock = operation == LOCK_UN ? 0 : operation;
	if (operation != LOCK_EX)
		note_news(&want->view->hold->locks);
	return 0;
}

static int try(const struct lock_waiter *want)
{
	return want->is_flock ? flock_try(want) : posix_try(want);
}

/* Called by libfuse when the program that waits got a signal. */
static void on_interrupt(fuse_req_t req, void *data)
{
	struct lock_table *table = data;
	struct lock_waiter **slot;
	struct lock_waiter *found;

	pthread_mutex_lock(&table->lock);
	for (slot = &table->waiters; *slot && (*slot)->req != req; slot = &(*slot)->next)
		;
	found = *slot;
	if (found)
		*slot = found->next;
	pthread_mutex_unlock(&table->lock);
	if (found)
		(void)fuse_reply_err(req, EINTR);
	free(found);
}

/* Under the table's lock. Returns 0 when the request was queued, or -errno to be answered. */
static int wait_for(struct lock_table *table, const struct lock_waiter *want)
{
	struct lock_waiter *waiter;
	struct lock_waiter **slot;

	/* Interrupted before it was in the queue: on_interrupt has not found it there. */
	if (fuse_req_interrupted(want->req))
		return -EINTR;
	waiter = malloc(sizeof(*waiter));
	if (!waiter)
		return -ENOLCK;
	*waiter = *want;
	waiter->next = NULL;
	for (slot = &table->waiters; *slot; slot = &(*slot)->next)
		; /* first come, first served */
	*slot = waiter;
	pthread_cond_signal(&table->wake);
	return 0;
}

static void carry_out(const struct lock_waiter *want, bool is_patient)
{
	struct lock_table *table = &want->view->hold->locks;
	bool is_queued = false;
	int r;

	if (is_patient)
		fuse_req_interrupt_func(want->req, on_interrupt, table);
	pthread_mutex_lock(&table->lock);
	r = try(want);
	if (r == -EAGAIN && is_patient) {
		r = wait_for(table, want);
		is_queued = r == 0;
	}
	pthread_mutex_unlock(&table->lock);
	if (!is_queued)
		(void)fuse_reply_err(want->req, -r);
}

static void op_setlk(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct flock *lock,
		     int is_patient)
{
	const struct lock_waiter want = {
		.req = req,
		.view = view_of(req),
		.file = view_file(fi),
		.owner = fi->lock_owner,
		.lock = *lock,
	};

	carry_out(&want, is_patient);
}

static void op_flock(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, int operation)
{
	const struct lock_waiter want = {
		.req = req,
		.view = view_of(req),
		.file = view_file(fi),
		.operation = operation,
		.is_flock = true,
	};

	carry_out(&want, !(operation & LOCK_NB));
}

static void op_getlk(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct flock *lock)
{
	struct lock_table *table = &view_of(req)->hold->locks;
	int r;

	pthread_mutex_lock(&table->lock);
	r = owner_query(view_file(fi), fi->lock_owner, lock);
	pthread_mutex_unlock(&table->lock);
	if (r < 0)
		(void)fuse_reply_err(req, -r);
	else
		(void)fuse_reply_lock(req, lock);
}

void locks_drop_owner(struct view *view, struct node *node, uint64_t id)
{
	struct lock_table *table = &view->hold->locks;

	pthread_mutex_lock(&table->lock);
	if (owner_drop(node, id))
		note_news(table);
	pthread_mutex_unlock(&table->lock);
}

/*
 * POSIX locks are gone by now: a flush came with every close. What is left was locked by F_OFD_SETLK,
 * for which the kernel sends nothing at the end.
 */
void locks_drop_file(struct view *view, struct file *file)
{
	struct lock_table *table = &view->hold->locks;

	pthread_mutex_lock(&table->lock);
	if (owners_drop_file(file))
		note_news(table);
	pthread_mutex_unlock(&table->lock);
}

static void try_waiters(struct lock_table *table)
{
	struct lock_waiter **slot = &table->waiters;

	table->has_news = false;
	while (*slot) {
		struct lock_waiter *waiter = *slot;
		int r = try(waiter);

		if (r == -EAGAIN) {
			slot = &waiter->next;
			continue;
		}
		*slot = waiter->next;
		(void)fuse_reply_err(waiter->req, -r);
		free(waiter);
	}
}

/* Waits for a reason to try: news, or the time being up while somebody waits. */
static void await_reason(struct lock_table *table)
{
	struct timespec limit;
	int r = 0;

	pthread_mutex_lock(&table->lock);
	while (!table->waiters)
		pthread_cond_wait(&table->wake, &table->lock);
	limit = wait_limit(RETRY_MSEC);
	while (!table->has_news && r == 0)
		r = pthread_cond_timedwait(&table->wake, &table->lock, &limit);
	pthread_mutex_unlock(&table->lock);
}

void *locks_thread(void *arg)
{
	struct hold *hold = arg;

	for (;;) {
		await_reason(&hold->locks);
		/* The table's lock is not held here: those inside, who have to leave, may want it. */
		gate_enter(&hold->gate);
		pthread_mutex_lock(&hold->locks.lock);
		try_waiters(&hold->locks);
		pthread_mutex_unlock(&hold->locks.lock);
		gate_leave(&hold->gate);
	}
	return NULL;
}

int locks_prepare(struct view *view, struct node *node)
{
	struct file *file;
	int r = owners_prepare(view, node);

	for (file = node->files; file && r == 0; file = file->next)
		if (file->flock && flock(file->next_fd, file->flock | LOCK_NB) < 0)
			r = -errno;
	return r;
}

void ops_locks(struct fuse_lowlevel_ops *ops)
{
	ops->getlk = op_getlk;
	ops->setlk = op_setlk;
	ops->flock = op_flock;
}
