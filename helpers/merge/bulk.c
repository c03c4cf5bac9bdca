/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filling big files, and the disk, beside the walk. */
#include "config.h"

#include "merge/bulk.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Each that waits has two descriptors. */
#define JOBS 32
#define STACK_SIZE (256 * 1024)

struct bulk {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct copy_job jobs[JOBS]; /* a ring; guarded by lock, as all below */
	size_t first;
	size_t count;
	bool is_ending;
	bool is_flush_due;
	int disk; /* the thread's own, so that an error is told to others as well; owned; or -EBADF */
	int result; /* of the first that failed; what comes after it is not copied any more */
	void *who;
	struct copier copier; /* the thread's own */
};

enum task { TASK_COPY, TASK_FLUSH, TASK_END };

/* Waits for something to do. A job stays in the ring while it is done. */
static enum task next_task(struct bulk *bulk, struct copy_job *ret_job)
{
	enum task task = TASK_END;

	pthread_mutex_lock(&bulk->lock);
	while (!bulk->count && !bulk->is_flush_due && !bulk->is_ending)
		pthread_cond_wait(&bulk->changed, &bulk->lock);
	if (bulk->count) {
		*ret_job = bulk->jobs[bulk->first];
		task = TASK_COPY;
	} else if (!bulk->is_ending) {
		bulk->is_flush_due = false;
		task = TASK_FLUSH;
	}
	pthread_mutex_unlock(&bulk->lock);
	return task;
}

static void job_done(struct bulk *bulk, const struct copy_job *job, int result)
{
	pthread_mutex_lock(&bulk->lock);
	if (result < 0 && bulk->result == 0) {
		bulk->result = result;
		bulk->who = job->who;
	}
	bulk->first = (bulk->first + 1) % JOBS;
	bulk->count--;
	pthread_cond_broadcast(&bulk->changed);
	pthread_mutex_unlock(&bulk->lock);
}

static void fill(struct bulk *bulk, struct copy_job *job)
{
	int r = 0;

	/* Only this thread writes it. */
	if (bulk->result == 0)
		r = copy_contents(&bulk->copier, job);
	fd_close(&job->from);
	fd_close(&job->to);
	job_done(bulk, job, r);
}

static void *run(void *arg)
{
	struct bulk *bulk = arg;
	struct copy_job job;
	enum task task;

	while ((task = next_task(bulk, &job)) != TASK_END)
		if (task == TASK_COPY)
			fill(bulk, &job);
		else
			(void)syncfs(bulk->disk); /* an error is told to the walk's own sync, too */
	return NULL;
}

/* Signals are the main thread's, which has its ways to hear them. */
static int start_thread(struct bulk *bulk)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int r;

	(void)pthread_attr_init(&attributes); /* cannot fail in glibc on Linux, as the next */
	(void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&bulk->thread, &attributes, run, bulk);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
	return r;
}

static struct bulk *bulk_start(const struct copier *copier)
{
	struct bulk *bulk = calloc(1, sizeof(*bulk));

	if (!bulk)
		return NULL;
	(void)pthread_mutex_init(&bulk->lock, NULL); /* these cannot fail in glibc on Linux */
	(void)pthread_cond_init(&bulk->changed, NULL);
	bulk->disk = -EBADF;
	bulk->copier.is_direct = true;
	bulk->copier.xattrs.prefix = copier->xattrs.prefix;
	if (start_thread(bulk) == 0)
		return bulk;
	free(bulk);
	return NULL;
}

static struct bulk *bulk_of(struct copier *copier)
{
	if (!copier->bulk)
		copier->bulk = bulk_start(copier);
	return copier->bulk;
}

bool bulk_take(struct copier *copier, const struct copy_job *job)
{
	struct bulk *bulk = bulk_of(copier);

	if (!bulk)
		return false;
	pthread_mutex_lock(&bulk->lock);
	while (bulk->count == JOBS)
		pthread_cond_wait(&bulk->changed, &bulk->lock);
	bulk->jobs[(bulk->first + bulk->count++) % JOBS] = *job;
	pthread_cond_broadcast(&bulk->changed);
	pthread_mutex_unlock(&bulk->lock);
	return true;
}

void bulk_flush(struct copier *copier, int dir)
{
	struct bulk *bulk = bulk_of(copier);

	if (!bulk)
		return;
	pthread_mutex_lock(&bulk->lock);
	if (bulk->disk < 0)
		bulk->disk = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bulk->is_flush_due = bulk->disk >= 0;
	pthread_cond_broadcast(&bulk->changed);
	pthread_mutex_unlock(&bulk->lock);
}

int bulk_end(struct copier *copier, void **ret_who)
{
	struct bulk *bulk = copier->bulk;
	int r;

	if (!bulk)
		return 0;
	pthread_mutex_lock(&bulk->lock);
	bulk->is_ending = true;
	pthread_cond_broadcast(&bulk->changed);
	pthread_mutex_unlock(&bulk->lock);
	(void)pthread_join(bulk->thread, NULL); /* fails only for what is no thread of ours */
	r = bulk->result;
	if (r < 0) {
		copier->step = bulk->copier.step;
		*ret_who = bulk->who;
	}
	copier->bytes += bulk->copier.bytes;
	fd_close(&bulk->disk);
	copier->bulk = NULL;
	free(bulk);
	return r;
}
