/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times of a target. */
#include "config.h"

#include "merge/since.h"
#include "merge/own.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

/* A file system's clock goes by the timer's tick, of ten milliseconds at most. */
#define TICK_NSEC 10000000
#define NSEC 1000000000

static int64_t nanoseconds(const struct timespec *time)
{
	return (int64_t)time->tv_sec * NSEC + time->tv_nsec;
}

/* What the wall clock was when the boot was that old, by what it is now. */
static int64_t wall_time(int64_t boot)
{
	struct timespec now = { 0 }, up = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now); /* neither can fail */
	(void)clock_gettime(CLOCK_BOOTTIME, &up);
	return nanoseconds(&now) - (nanoseconds(&up) - boot);
}

int since_times(const struct list_entry *entry, int run, struct timespec *ret_since,
		struct timespec *ret_until, struct fault *fault)
{
	char name[OWN_NAME_MAX];
	struct stat noted, published;
	struct noted note;
	int64_t since;
	int r = own_note(entry, run, &note);

	if (r == 0 && fstatat(run, own_name(entry, ".device", name), &noted, 0) < 0)
		r = -errno;
	if (r < 0)
		return fault_at(fault, r, "read what was noted about", entry->directory);
	/* The clock may have been set since: the earlier time counts, and what is kept too much is safe. */
	since = nanoseconds(&noted.st_ctim);
	if (wall_time(note.boot) < since)
		since = wall_time(note.boot);
	since -= TICK_NSEC;
	*ret_since = (struct timespec){ .tv_sec = since / NSEC, .tv_nsec = since % NSEC };
	*ret_until = (struct timespec){ 0 };
	if (fstatat(run, own_name(entry, ".published", name), &published, 0) == 0)
		*ret_until = published.st_ctim;
	return 0;
}

int since_note_publish(const struct list_entry *entry, int run, struct fault *fault)
{
	const struct timespec tick = { .tv_nsec = TICK_NSEC };
	char name[OWN_NAME_MAX];
	auto_close int fd = openat(run, own_name(entry, ".published", name),
				   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 && errno != EEXIST)
		return fault_at(fault, -errno, "note the merge in", name);
	if (fd >= 0) /* so that what is published has a later time, to the tick */
		(void)nanosleep(&tick, NULL);
	return 0;
}
