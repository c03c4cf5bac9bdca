/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locks of programs, on the backing files. */
#include "config.h"

#include "hold/locks.h"
#include "hold/ops.h"
#include "hold/ranges.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

/* How often a waiting lock is tried again where the holder is not one of ours and cannot tell. */
#define RETRY_MSEC 50

struct lock_owner {
	struct lock_owner *next; /* of the same node */
	uint64_t owner; /* as the kernel calls it */
	int32_t pid;
	const struct file *via; /* through which it locked last */
	int fd; /* with the OFD locks; owned */
	int next_fd; /* with the same locks on the disk; owned, or -EBADF */
	int access; /* O_RDONLY or O_RDWR: how fd was opened */
	struct range *ranges;
};

/* A request that is answered when it has the lock. */
struct lock_waiter {
	struct lock_waiter *next;
	fuse_req_t req;
	struct view *view;
	struct node *node;
	struct file *file;
	uint64_t owner;
	struct flock lock; /* POSIX, where is_flock is not set */
	int operation; /* flock */
	bool is_flock;
};

void locks_init(struct lock_table *table)
{
	pthread_condattr_t monotonic;

	*table = (struct lock_table){ 0 };
	(void)pthread_mutex_init(&table->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&table->wake, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
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

static int64_t end_of(const struct flock *lock)
{
	return lock->l_len ? lock->l_start + lock->l_len - 1 : RANGE_END;
}

static int ofd_set(int fd, int64_t start, int64_t end, int type)
{
	struct flock lock = {
		.l_type = (short)type,
		.l_whence = SEEK_SET,
		.l_start = start,
		.l_len = end == RANGE_END ? 0 : end - start + 1,
	};

	return fcntl(fd, F_OFD_SETLK, &lock) < 0 ? -errno : 0;
}

static int ofd_set_all(int fd, const struct range *ranges)
{
	int r = 0;

	for (; ranges && r == 0; ranges = ranges->next)
		r = ofd_set(fd, ranges->start, ranges->end, ranges->type);
	return r;
}

static struct lock_owner *owner_find(const struct node *node, uint64_t owner)
{
	struct lock_owner *one = node->locks;

	while (one && one->owner != owner)
		one = one->next;
	return one;
}

static void owner_free(struct node *node, struct lock_owner *owner)
{
	struct lock_owner **slot = (struct lock_owner **)&node->locks;

	while (*slot != owner)
		slot = &(*slot)->next;
	*slot = owner->next;
	fd_close(&owner->fd);
	fd_close(&owner->next_fd);
	ranges_free(&owner->ranges);
	free(owner);
}

/*
 * A descriptor that was opened for reading has only read locks, so its locks can be taken a second
 * time on one for writing before it is given up: there is no moment without them.
 */
static int owner_make_writable(struct view *view, struct node *node, struct lock_owner *owner)
{
	auto_close int fd = view_reopen(view->hold, node->fd, O_RDWR);
	int r;

	if (fd < 0)
		return fd;
	r = ofd_set_all(fd, owner->ranges);
	if (r < 0)
		return r;
	fd_close(&owner->fd);
	owner->fd = take_fd(&fd);
	owner->access = O_RDWR;
	return 0;
}

/*
 * The owner's entry, made where there is none. Opened for writing only for a program that has the
 * file open so: otherwise a look at a file of the lower layer would copy it up.
 */
static int owner_get(struct view *view, struct node *node, const struct file *file, uint64_t id,
		     struct lock_owner **ret_owner)
{
	int access = (file->flags & O_ACCMODE) == O_RDONLY ? O_RDONLY : O_RDWR;
	struct lock_owner *owner = owner_find(node, id);
	auto_close int fd = -EBADF;

	if (owner) {
		*ret_owner = owner;
		if (access == O_RDWR && owner->access == O_RDONLY)
			return owner_make_writable(view, node, owner);
		return 0;
	}
	fd = view_reopen(view->hold, node->fd, access);
	if (fd < 0)
		return fd;
	owner = calloc(1, sizeof(*owner));
	if (!owner)
		return -ENOMEM;
	*owner = (struct lock_owner){ .next = node->locks,
				      .owner = id,
				      .fd = take_fd(&fd),
				      .next_fd = -EBADF,
				      .access = access };
	node->locks = owner;
	*ret_owner = owner;
	return 0;
}

static int posix_unlock(struct view *view, struct node *node, uint64_t id, const struct flock *lock)
{
	struct lock_owner *owner = owner_find(node, id);
	int r;

	if (!owner)
		return 0;
	r = ofd_set(owner->fd, lock->l_start, end_of(lock), F_UNLCK);
	if (r == 0)
		r = ranges_set(&owner->ranges, lock->l_start, end_of(lock), F_UNLCK);
	if (!owner->ranges)
		owner_free(node, owner);
	note_news(&view->hold->locks);
	return r;
}

/* All tries: 0, -EAGAIN where somebody else has the lock, or -errno. Under the table's lock. */
static int posix_try(const struct lock_waiter *want)
{
	const struct flock *lock = &want->lock;
	struct lock_owner *owner = NULL;
	int r;

	if (lock->l_type == F_UNLCK)
		return posix_unlock(want->view, want->node, want->owner, lock);
	r = owner_get(want->view, want->node, want->file, want->owner, &owner);
	if (r < 0)
		return r;
	r = ofd_set(owner->fd, lock->l_start, end_of(lock), lock->l_type);
	if (r == 0) {
		owner->pid = lock->l_pid;
		owner->via = want->file;
		r = ranges_set(&owner->ranges, lock->l_start, end_of(lock), lock->l_type);
		if (lock->l_type == F_RDLCK)
			note_news(&want->view->hold->locks); /* it may have been a write lock */
	}
	if (!owner->ranges)
		owner_free(want->node, owner);
	return r == -EACCES ? -EAGAIN : r;
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
		.node = view_node(req, ino),
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
		.node = view_node(req, ino),
		.file = view_file(fi),
		.operation = operation,
		.is_flock = true,
	};

	carry_out(&want, !(operation & LOCK_NB));
}

/* Among the owners that we know, the process whose lock is in the way; -1 as for OFD locks. */
static int32_t find_holder(const struct node *node, uint64_t id, const struct flock *lock)
{
	const struct lock_owner *owner;

	for (owner = node->locks; owner; owner = owner->next)
		if (owner->owner != id &&
		    ranges_conflict(owner->ranges, lock->l_start, end_of(lock), F_WRLCK))
			return owner->pid;
	return -1;
}

static void op_getlk(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct flock *lock)
{
	struct lock_table *table = &view_of(req)->hold->locks;
	const struct node *node = view_node(req, ino);
	const struct lock_owner *owner;
	int r;

	pthread_mutex_lock(&table->lock);
	owner = owner_find(node, fi->lock_owner);
	lock->l_pid = 0; /* OFD commands insist on it */
	r = fcntl(owner ? owner->fd : view_file(fi)->fd, F_OFD_GETLK, lock) < 0 ? -errno : 0;
	if (r == 0 && lock->l_type != F_UNLCK && lock->l_pid == -1)
		lock->l_pid = find_holder(node, fi->lock_owner, lock);
	pthread_mutex_unlock(&table->lock);
	if (r < 0)
		(void)fuse_reply_err(req, -r);
	else
		(void)fuse_reply_lock(req, lock);
}

void locks_drop_owner(struct view *view, struct node *node, uint64_t id)
{
	struct lock_table *table = &view->hold->locks;
	struct lock_owner *owner;

	pthread_mutex_lock(&table->lock);
	owner = owner_find(node, id);
	if (owner) {
		owner_free(node, owner);
		note_news(table);
	}
	pthread_mutex_unlock(&table->lock);
}

/*
 * POSIX locks are gone by now: a flush came with every close. What is left was locked by F_OFD_SETLK,
 * for which the kernel sends nothing at the end.
 */
void locks_drop_file(struct view *view, struct file *file)
{
	struct lock_table *table = &view->hold->locks;
	struct lock_owner *owner, *next;

	pthread_mutex_lock(&table->lock);
	for (owner = file->node->locks; owner; owner = next) {
		next = owner->next;
		if (owner->via == file) {
			owner_free(file->node, owner);
			note_news(table);
		}
	}
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
	(void)clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_nsec += RETRY_MSEC * 1000000L;
	if (limit.tv_nsec >= 1000000000L) {
		limit.tv_sec++;
		limit.tv_nsec -= 1000000000L;
	}
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

static int prepare_owner(struct view *view, struct node *node, struct lock_owner *owner)
{
	owner->next_fd = view_reopen(view->hold, node->next_fd, owner->access);
	if (owner->next_fd < 0)
		return owner->next_fd;
	return ofd_set_all(owner->next_fd, owner->ranges);
}

int locks_prepare(struct view *view, struct node *node)
{
	struct lock_owner *owner;
	struct file *file;
	int r = 0;

	for (owner = node->locks; owner && r == 0; owner = owner->next)
		r = prepare_owner(view, node, owner);
	for (file = node->files; file && r == 0; file = file->next)
		if (file->flock && flock(file->next_fd, file->flock | LOCK_NB) < 0)
			r = -errno;
	return r;
}

void locks_switch(struct node *node)
{
	struct lock_owner *owner;

	for (owner = node->locks; owner; owner = owner->next) {
		fd_close(&owner->fd);
		owner->fd = take_fd(&owner->next_fd);
	}
}

void locks_unprepare(struct node *node)
{
	struct lock_owner *owner;

	for (owner = node->locks; owner; owner = owner->next)
		fd_close(&owner->next_fd);
}

void ops_locks(struct fuse_lowlevel_ops *ops)
{
	ops->getlk = op_getlk;
	ops->setlk = op_setlk;
	ops->flock = op_flock;
}
