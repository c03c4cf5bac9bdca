/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a program may start. */
#include "config.h"

#include "supervise/needs.h"
#include "supervise/ready.h"
#include "supervise/root.h"
#include "supervise/runlevel.h"
#include "common/parse.h"

#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* The hook's, which also removes it: until then the root's own script removes what it finds in /tmp. */
#define CLEANING "/run/initfs/cleaning"

bool needs_tmp(const struct words *writable)
{
	unsigned int i;

	for (i = 0; i < writable->count; i++)
		if (is_at_or_below(writable->word[i], "/tmp"))
			return true;
	return false;
}

/* It would take an X server's lock and sockets away from under it. */
static enum need look_at_cleaning(struct run *run)
{
	if (!needs_tmp(&run->entry->writable) || access(CLEANING, F_OK) < 0)
		return NEED_MET;
	(void)snprintf(run->why, sizeof(run->why), "/tmp is being cleaned");
	return NEED_OPEN;
}

static const struct run *find_run(const struct watch *watch, const char *name)
{
	unsigned int i;

	for (i = 0; i < watch->count; i++)
		if (strcmp(watch->runs[i].entry->name, name) == 0)
			return &watch->runs[i];
	return NULL;
}

static enum need look_at_needs(const struct watch *watch, struct run *run)
{
	const struct words *needs = &run->entry->needs;
	unsigned int i;

	for (i = 0; i < needs->count; i++) {
		const struct run *need = find_run(watch, needs->word[i]);
		bool is_late = need && need->service.state == STATE_LATE;

		if (need && need->service.state == STATE_READY)
			continue;
		(void)snprintf(run->why, sizeof(run->why), "%s %s", needs->word[i],
			       is_late ? "was not ready in time" : "is not there");
		return !need || is_late || is_over(&need->service) ? NEED_LOST : NEED_OPEN;
	}
	return NEED_MET;
}

static enum need look_at_wants(const struct watch *watch, struct run *run)
{
	const struct words *wants = &run->entry->wants;
	unsigned int i;

	for (i = 0; i < wants->count; i++) {
		const struct run *want = find_run(watch, wants->word[i]);

		if (!want || is_over(&want->service) || want->service.state == STATE_READY ||
		    want->service.state == STATE_LATE)
			continue;
		(void)snprintf(run->why, sizeof(run->why), "%s is not ready", wants->word[i]);
		return NEED_OPEN;
	}
	return NEED_MET;
}

enum need needs_look(const struct watch *watch, struct run *run)
{
	const char *read_only = not_writable(&run->entry->writable);
	enum need need;

	if (read_only) {
		(void)snprintf(run->why, sizeof(run->why), "%s cannot be written", read_only);
		return NEED_LOST;
	}
	need = look_at_needs(watch, run);
	if (need == NEED_MET)
		need = look_at_wants(watch, run);
	if (need == NEED_MET)
		need = look_at_cleaning(run);
	run->lacks_device = need == NEED_MET && !has_device(&run->entry->devices);
	if (run->lacks_device) {
		(void)snprintf(run->why, sizeof(run->why), "no device %s",
			       run->entry->devices.word[0]);
		need = NEED_OPEN;
	}
	return need;
}

bool is_taken(struct run *run, bool is_first)
{
	pid_t other = running_elsewhere(run->entry);

	if (other) {
		(void)snprintf(run->why, sizeof(run->why), "it runs already as pid %d", (int)other);
		return true;
	}
	/* rc is about to start it, or has done so this instant; two would fight for the screen. */
	if (is_first && is_multi_user(root_runlevel_now())) {
		(void)snprintf(run->why, sizeof(run->why), "init starts it itself by now");
		return true;
	}
	return false;
}
