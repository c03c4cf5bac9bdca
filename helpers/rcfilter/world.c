/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts that decisions rest on. */
#include "config.h"

#include "rcfilter/world.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/timeline.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

uint64_t world_now(void)
{
	return clock_usec(CLOCK_BOOTTIME);
}
void world_network(struct starts *starts)
{
	bool was_up = starts->network.is_up;

	/* Where the kernel does not answer we go on with what we knew. */
	if (netlink_ask(&starts->network) < 0)
		return;
	if (starts->network.is_up != was_up)
		timeline_mark(starts->timeline, starts->network.is_up ? "rc.net-up" : "rc.net-down",
			      NULL);
}

/* The screens that were started early and have neither come nor gone, by the timeline. */
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
				 strcmp(event.event, "early.gave-up") == 0 ||
				 strcmp(event.event, "early.exit") == 0)
				starts->screens_pending--;
		}
		if (line == text)
			break; /* half a line: later */
	}
}

static unsigned int io_percent(void)
{
	auto_close int fd = open("/proc/pressure/io", O_RDONLY | O_CLOEXEC);
	char text[256];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	return n > 0 ? pressure_percent(text, (size_t)n) : 0;
}

struct facts world_facts(struct starts *starts, bool parallel)
{
	const struct options *options = starts->options;

	if (parallel && options->pace_gui)
		read_screens(starts);
	return (struct facts){
		.now = world_now(),
		.network = starts->network.is_up,
		.parallel = parallel,
		.screen_pending = starts->screens_pending > 0,
		.pace_gui = options->pace_gui,
		.pace_io = options->pace_io,
		.io_percent = parallel && options->pace_io ? io_percent() : 0,
		.held_all = starts->board->held_all,
		.screen_needs = starts->screen_needs,
	};
}
