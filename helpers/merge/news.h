/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a merge waits for, and the only place that blocks. */
#ifndef INITFS_MERGE_NEWS_H
#define INITFS_MERGE_NEWS_H

#include "common/fault.h"

#include <errno.h>

enum {
	NEWS_STOP = 1 << 0, /* SIGTERM, SIGINT */
	NEWS_ASKED = 1 << 1, /* SIGUSR1 */
	NEWS_TIMER = 1 << 2,
	NEWS_MOUNTS = 1 << 3,
	NEWS_CHILD = 1 << 5, /* one has died */
	NEWS_REQUEST = 1 << 4, /* news.requests has somebody to accept */
	NEWS_UTMP = 1 << 6, /* a record was written: a login, or a runlevel */
};

struct news {
	int signals;
	int timer;
	int mountinfo;
	int requests; /* listens; -EBADF for none */
	int utmp;
};

#define NEWS_NONE                                      \
	{                                              \
		-EBADF, -EBADF, -EBADF, -EBADF, -EBADF \
	}

/* Signals are blocked from here on. news_close is due in any case. */
int news_open(struct news *news, struct fault *fault);

/* Listens for requests in run, which is /run/initfs; the name goes with news_close. */
int news_listen(struct news *news, int run, struct fault *fault);
void news_close(struct news *news, int run);

/*
 * From here on what is written to the file at path, which is utmp, is news. To be called again now and then: there may
 * be no such file yet, or another one by now. Where the kernel has no watch to give there is only the tick.
 */
void news_watch_utmp(const struct news *news, const char *path);

/* A NEWS_TIMER in so many seconds, instead of any other. */
void news_set_timer(const struct news *news, unsigned int seconds);

/* What was mounted up to now, by ourselves too, is no news. */
void news_forget_mounts(const struct news *news);

/*
 * Waits for news, but not longer than a tick: then there is none, and what tells nobody (how full
 * RAM is) can be looked at. Returns NEWS_… or -errno.
 */
int news_wait(const struct news *news);

#endif
