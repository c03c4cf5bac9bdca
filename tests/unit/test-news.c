/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who waits for a merge is woken by a record in utmp, also in one that has come later or in the place of another. */
#include "config.h"

#include "check.h"
#include "merge/news.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/initfs-test-news-XXXXXX";

static void append(int fd)
{
	CHECK_INT(write(fd, "record", 6), 6);
}

/* Others may mount something meanwhile. */
static int wait_for_utmp(const struct news *news)
{
	int r = news_wait(news);

	return r < 0 ? r : r & NEWS_UTMP;
}

/* Whatever is news is there before the wait: without it a tick passes, and there is none. */
static void test_utmp(const struct news *news)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	int other;

	append(fd);
	CHECK_INT(wait_for_utmp(news), 0);
	news_watch_utmp(news, path);
	CHECK_INT(wait_for_utmp(news), 0);
	append(fd);
	append(fd);
	CHECK_INT(wait_for_utmp(news), NEWS_UTMP);
	CHECK_INT(wait_for_utmp(news), 0);

	CHECK_INT(unlink(path), 0);
	news_watch_utmp(news, path);
	other = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	news_watch_utmp(news, path);
	news_watch_utmp(news, path);
	append(other);
	CHECK_INT(wait_for_utmp(news), NEWS_UTMP);
	CHECK_INT(wait_for_utmp(news), 0);
	(void)close(fd);
	(void)close(other);
}

int main(void)
{
	struct news news = NEWS_NONE;
	struct fault fault = { 0 };
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	CHECK_INT(news_open(&news, &fault), 0);
	test_utmp(&news);
	(void)close(fd);
	(void)unlink(path);
	news_close(&news, AT_FDCWD);
	return check_result();
}
