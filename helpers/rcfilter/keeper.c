/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is aside comes back while the server goes on. */
#include "config.h"

#include "rcfilter/keeper.h"
#include "rcfilter/filter.h"
#include "rcfilter/keep.h"
#include "rcfilter/world.h"
#include "common/fd.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* As a rule the server ends at once. */
#define LINGERING (3 * SECOND)

static _Noreturn void keeper(const struct guard *guard, struct filter *filter)
{
	size_t i;

	/* A device in our hands would keep its session undead. */
	for (i = 0; i < guard->count; i++)
		if (guard->views[i].mount.device >= 0)
			(void)close(guard->views[i].mount.device);
	(void)close(guard->signals);
	_exit(keep_run(filter) < 0 ? EXIT_FAILED : EXIT_DONE);
}

int keeper_look(const struct guard *guard)
{
	struct filter *filter = guard->data;
	uint64_t now = world_now();

	if (filter->keeper && guard->is_told)
		(void)kill(filter->keeper, SIGTERM);
	if (!filter->board->over || filter->board->off || filter->keeper || guard->is_told)
		return -1;
	if (!filter->lingering)
		filter->lingering = now;
	if (now - filter->lingering < LINGERING)
		return (int)((filter->lingering + LINGERING - now) / MSEC) + 1;
	filter->keeper = fork();
	if (filter->keeper == 0)
		keeper(guard, filter);
	if (filter->keeper < 0) { /* no memory, no pids: later */
		filter->keeper = 0;
		return LINGERING / MSEC;
	}
	filter->board->kept = true;
	return -1;
}

bool keeper_wait(const struct guard *guard)
{
	const struct filter *filter = guard->data;
	struct signalfd_siginfo info;

	if (!filter->keeper)
		return false;
	if (guard->is_told)
		(void)kill(filter->keeper, SIGTERM);
	while (waitpid(filter->keeper, NULL, WNOHANG) == 0)
		if (read(guard->signals, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
		    info.ssi_signo == SIGTERM)
			(void)kill(filter->keeper, SIGTERM);
	return true;
}
