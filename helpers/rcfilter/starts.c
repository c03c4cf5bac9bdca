/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the starts of a boot have in common. */
#include "config.h"

#include "rcfilter/starts.h"
#include "rcfilter/late.h"
#include "rcfilter/runner.h"
#include "rcfilter/running.h"
#include "rcfilter/world.h"
#include "common/fd.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

void starts_mark(const struct starts *starts, const char *event, size_t service, const char *key,
		 const char *value)
{
	const char *name =
		service == CATALOG_NONE ? LATE_NAME : starts_catalog(starts)->list[service].name;

	timeline_mark(starts->timeline, event, "name", name, key, value, NULL);
}

int starts_init(struct starts *starts)
{
	const struct catalog *catalog = starts_catalog(starts);
	size_t i;

	starts->runner_fd = -EBADF;
	starts->early = openat(starts->state, TIMELINE_FILE, O_RDONLY | O_CLOEXEC);
	starts->screen_needs = calloc(catalog->count + 1, sizeof(*starts->screen_needs));
	if (!starts->screen_needs)
		return -ENOMEM;
	decide_screen_needs(catalog, starts->screen_needs);
	world_network(starts);
	board_begin(starts->board);
	if (starts->board->runner) {
		starts->runner_fd = running_watch(starts, starts->board->runner);
		starts->board->over |= starts->runner_fd < 0; /* it has ended meanwhile */
	}
	if (starts->board->servers > 1)
		for (i = 0; i < catalog->count && i < BOARD_MAX; i++)
			running_take_over(starts, i);
	return 0;
}

void starts_free(struct starts *starts)
{
	while (starts->running)
		running_forget(&starts->running);
	fd_close(&starts->runner_fd);
	fd_close(&starts->early);
	free(starts->screen_needs);
}
