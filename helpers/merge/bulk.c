/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filling big files beside the walk. */
#include "config.h"

#include "merge/bulk.h"
#include "common/fd.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

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
	int result; /* of the first that failed; what comes after it is not copied any more */
	void *who;
	struct copier copier; /* the thread's own */
};

/* Waits for a job, which stays in the ring while it is done. false: there will be none. */
static bool next_job(struct bulk *bulk, struct copy_job *ret_job)
{
	bool has_one;

	pthread_mutex_lock(&bulk->lock);
	while (!bulk->count && !bulk->is_ending)
		pthread_cond_wait(&bulk->changed, &bulk->lock);
	has_one = bulk->count > 0;
	if (has_one)
		*ret_job = bulk->jobs[bulk->first];
	pthread_mutex_unlock(&bulk->lock);
	return has_one;
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

static void *run(void *arg)
{
	struct bulk *bulk = arg;
	struct copy_job job;

	while (next_job(bulk, &job)) {
		int r = 0;

		/* Only this thread writes it. */
		if (bulk->result == 0)
			r = copy_contents(&bulk->copier, &job);
		fd_close(&job.from);
		fd_close(&job.to);
		job_done(bulk, &job, r);
	}
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
	bulk->copier.is_direct = true;
	bulk->copier.xattrs.prefix = copier->xattrs.prefix;
	if (start_thread(bulk) == 0)
		return bulk;
	free(bulk);
	return NULL;
}

bool bulk_take(struct copier *copier, const struct copy_job *job)
{
	struct bulk *bulk = copier->bulk;

	if (!bulk)
		bulk = copier->bulk = bulk_start(copier);
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
	copier->bulk = NULL;
	free(bulk);
	return r;
}
