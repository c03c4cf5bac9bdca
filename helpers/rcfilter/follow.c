/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runners: which entry they are at, which directory they read. */
#include "config.h"

#include "rcfilter/follow.h"
#include "rcfilter/runner.h"
#include "rcfilter/running.h"

#include <stdio.h>

void follow_seen(struct starts *starts, pid_t pid, const char *entry)
{
	size_t at = starts->seen_next++ % SEEN_MAX;

	starts->seen[at].pid = pid;
	(void)snprintf(starts->seen[at].entry, sizeof(starts->seen[at].entry), "%s", entry);
}

/* The entry whose link pid has read last, or NULL. Newest first. */
const char *follow_entry(const struct starts *starts, pid_t pid)
{
	size_t i;

	for (i = 1; i <= SEEN_MAX && i <= starts->seen_next; i++) {
		size_t at = (starts->seen_next - i) % SEEN_MAX;

		if (starts->seen[at].pid == pid)
			return starts->seen[at].entry;
	}
	return NULL;
}

void follow_runner(struct starts *starts, pid_t pid)
{
	if (starts->board->runner || starts->board->over)
		return;
	pid = runner_top(starts->proc, pid);
	if (pid <= 0)
		return;
	starts->runner_fd = running_watch(starts, pid);
	if (starts->runner_fd >= 0)
		starts->board->runner = pid;
}

bool follow_is_multi_user(char level)
{
	return level >= '2' && level <= '5';
}

bool follow_directory(struct starts *starts, pid_t pid, char level, bool is_flat)
{
	struct runner runner;

	if (!level && !is_flat)
		return false;
	runner = runner_at(starts->proc, pid);
	if (runner.kind == RUNNER_NONE && follow_is_listing(starts, pid))
		runner.kind = RUNNER_SHELL;
	if (runner.kind == RUNNER_NONE || runner.kind == RUNNER_LATE)
		return false;
	if (runner.level)
		level = runner.level; /* going to 6, a runner may read rc2.d as well */
	if (level == '0' || level == '1' || level == '6')
		return true;
	if (level)
		starts->board->level = level;
	if (follow_is_multi_user(level) || is_flat)
		follow_runner(starts, pid);
	return false;
}

bool follow_is_listing(const struct starts *starts, pid_t pid)
{
	return runner_at(starts->proc, pid).kind != RUNNER_NONE || runner_is_ls(starts->proc, pid);
}
