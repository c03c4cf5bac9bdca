/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts that decisions rest on. */
#include "config.h"

#include "rcfilter/world.h"
#include "rcfilter/busy.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/timeline.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* So long the disk's own figures are taken together: a moment of work is not a busy disk. */
#define DISK_EVERY (200 * MSEC)

uint64_t world_now(void)
{
	return clock_usec(CLOCK_BOOTTIME);
}

void world_network(struct starts *starts)
{
	bool was_up = starts->network.is_up;

	/* Where the kernel does not answer we go on with what we knew. */
	if (netlink_ask(starts->options->net_route, &starts->network) < 0)
		return;
	if (starts->network.is_up != was_up)
		timeline_mark(starts->timeline, starts->network.is_up ? "rc.net-up" : "rc.net-down",
			      NULL);
}

/*
 * The screens that were started early and have neither come nor gone, by the timeline; nor those for
 * which the boot has waited long enough. And whether the screen comes first for the processors.
 */
static void read_screens(struct starts *starts)
{
	char text[4096];
	char *line;
	char *stop;
	ssize_t n;

	while (starts->early >= 0 &&
	       (n = pread(starts->early, text, sizeof(text) - 1, starts->early_read)) > 0) {
		text[n] = '\0';
		for (line = text; (stop = strchr(line, '\n')); line = stop + 1) {
			struct timeline_event event;

			*stop = '\0';
			starts->early_read += stop + 1 - line;
			if (timeline_parse(line, &event) < 0)
				continue;
			if (strcmp(event.event, "early.start") == 0)
				starts->screens_pending++;
			else if (strcmp(event.event, "early.ready") == 0 ||
				 strcmp(event.event, "early.late") == 0 ||
				 strcmp(event.event, "early.gave-up") == 0 ||
				 strcmp(event.event, "early.exit") == 0)
				starts->screens_pending -= starts->screens_pending > 0;
			else if (strncmp(event.event, "share.", 6) == 0)
				starts->screen_shares = strcmp(event.event, "share.begin") == 0;
		}
		if (line == text)
			break; /* half a line: later */
	}
}

/* A supervisor that was killed does not write share.end any more. */
static bool is_sharing(const struct starts *starts)
{
	return starts->screen_shares && file_read_live_pid(starts->state, "supervise.pid") > 0;
}

/* The beginning of a file of /proc into text[size]; returns its length, 0 where it cannot be read. */
static size_t read_proc(const char *path, char *text, size_t size)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size);

	return n > 0 ? (size_t)n : 0;
}

/*
 * Where the kernel has no PSI (or was not told psi=1: then reading fails), the disk itself says how
 * long it was at work, and the share of that is ours to work out.
 */
static unsigned int io_percent(struct starts *starts, uint64_t now)
{
	char text[8192];
	size_t size = read_proc("/proc/pressure/io", text, sizeof(text));
	uint64_t worked;

	if (size)
		return busy_pressure(text, size);
	if (starts->disk.asked && now < starts->disk.asked + DISK_EVERY)
		return starts->disk.percent;
	worked = busy_disk(text, read_proc("/proc/diskstats", text, sizeof(text)));
	if (starts->disk.asked && worked >= starts->disk.worked)
		starts->disk.percent = busy_percent(worked - starts->disk.worked,
						    (now - starts->disk.asked) / MSEC);
	starts->disk.asked = now;
	starts->disk.worked = worked;
	return starts->disk.percent;
}

struct facts world_facts(struct starts *starts, bool parallel)
{
	const struct options *options = starts->options;
	uint64_t now = world_now();

	if (options->pace_gui)
		read_screens(starts);
	return (struct facts){
		.now = now,
		.network = starts->network.is_up,
		.parallel = parallel,
		.screen_pending = starts->screens_pending > 0,
		.screen_shares = is_sharing(starts),
		.pace_gui = options->pace_gui,
		.pace_io = options->pace_io,
		.io_percent = parallel && options->pace_io ? io_percent(starts, now) : 0,
		.held_all = starts->board->held_all,
		.hold_check = options->screen_wait * SECOND,
		.screen_needs = starts->screen_needs,
	};
}
