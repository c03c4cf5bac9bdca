/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs for the time in which init's scripts wait for somebody. */
#include "config.h"

#include "supervise/asked.h"
#include "supervise/root.h"
#include "supervise/runlevel.h"
#include "common/fd.h"
#include "common/parse.h"
#include "common/proc.h"
#include "common/timeline.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#define LOOK_USEC 1000000ULL

/* What the kernel calls the programs that ask. */
static const char *const askers[ENTRY_KINDS] = {
	[ENTRY_RECOVERY] = "sulogin\n",
	[ENTRY_UNLOCK] = "askpass\n",
};

/* Notes in asks[] for which kinds somebody asks at the moment. */
static void find_askers(bool asks[ENTRY_KINDS])
{
	auto_closedir DIR *dir = opendir("/proc");
	struct dirent *entry;
	char comm[32];
	uint64_t pid;
	unsigned int kind;

	while (dir && (entry = readdir(dir))) {
		if (parse_number(entry->d_name, INT_MAX, &pid) < 0 ||
		    proc_read(AT_FDCWD, (pid_t)pid, "comm", comm, sizeof(comm)) <= 0)
			continue;
		for (kind = 0; kind < ENTRY_KINDS; kind++)
			if (askers[kind] && strcmp(comm, askers[kind]) == 0)
				asks[kind] = true;
	}
}

bool waits_to_be_asked(const struct watch *watch, const struct run *run)
{
	enum entry_kind kind = run->entry->kind;

	return askers[kind] && run->service.state == STATE_WAITING && !watch->is_asked[kind];
}

static bool is_any_to_be_asked(const struct watch *watch)
{
	unsigned int i;

	for (i = 0; i < watch->count; i++)
		if (waits_to_be_asked(watch, &watch->runs[i]))
			return true;
	return false;
}

/* Its bounds count from now on. */
static void wait_anew(struct run *run)
{
	service_init(&run->service, run->entry->restarts, run->entry->bound_usec,
		     run->entry->ready_bound_usec, watch_now());
}

/* One that was answered is there for the next question: a passphrase may have been wrong. */
static void look_at_answered(struct watch *watch)
{
	unsigned int i;

	for (i = 0; i < watch->count; i++) {
		struct run *run = &watch->runs[i];

		if (run->entry->kind != ENTRY_UNLOCK || run->service.state != STATE_STOPPED ||
		    watch->is_ending || is_multi_user(root_runlevel_now()))
			continue;
		watch->is_asked[ENTRY_UNLOCK] = false;
		wait_anew(run);
	}
}

void asked_look(struct watch *watch)
{
	bool asks[ENTRY_KINDS] = { false };
	uint64_t now = watch_now();
	unsigned int i, kind;

	look_at_answered(watch);
	if (!is_any_to_be_asked(watch) || now < watch->asked_look)
		return;
	watch->asked_look = now + LOOK_USEC;
	find_askers(asks);
	if (asks[ENTRY_RECOVERY] && !watch->is_asked[ENTRY_RECOVERY])
		timeline_mark(watch->timeline, "boot.maintenance", NULL);
	for (i = 0; i < watch->count; i++) {
		struct run *run = &watch->runs[i];

		if (!waits_to_be_asked(watch, run))
			continue;
		if (asks[run->entry->kind])
			wait_anew(run);
		else if (is_multi_user(root_runlevel_now()))
			(void)service_next(&run->service, EVENT_EXITED_FINAL, 0, now);
	}
	for (kind = 0; kind < ENTRY_KINDS; kind++)
		watch->is_asked[kind] = watch->is_asked[kind] || asks[kind];
}
