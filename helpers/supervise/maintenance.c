/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs for the time in which init has stopped for somebody to repair the machine. */
#include "config.h"

#include "supervise/maintenance.h"
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

static const char program[] = "sulogin\n";

static bool is_maintained(void)
{
	auto_closedir DIR *dir = opendir("/proc");
	struct dirent *entry;
	char comm[32];
	uint64_t pid;

	while (dir && (entry = readdir(dir)))
		if (parse_number(entry->d_name, INT_MAX, &pid) == 0 &&
		    proc_read(AT_FDCWD, (pid_t)pid, "comm", comm, sizeof(comm)) > 0 &&
		    strcmp(comm, program) == 0)
			return true;
	return false;
}

bool waits_for_maintenance(const struct watch *watch, const struct run *run)
{
	return run->entry->kind == ENTRY_RECOVERY && run->service.state == STATE_WAITING &&
	       !watch->is_maintained;
}

static bool has_recovery(const struct watch *watch)
{
	unsigned int i;

	for (i = 0; i < watch->count; i++)
		if (waits_for_maintenance(watch, &watch->runs[i]))
			return true;
	return false;
}

void maintenance_look(struct watch *watch)
{
	uint64_t now = watch_now();
	bool is_asked;
	unsigned int i;

	if (!has_recovery(watch) || now < watch->maintenance_look)
		return;
	watch->maintenance_look = now + LOOK_USEC;
	is_asked = is_maintained();
	if (is_asked)
		timeline_mark(watch->timeline, "boot.maintenance", NULL);
	for (i = 0; i < watch->count; i++) {
		struct run *run = &watch->runs[i];

		if (!waits_for_maintenance(watch, run))
			continue;
		if (is_asked) /* its bound counts from now on */
			service_init(&run->service, run->entry->restarts, run->entry->bound_usec,
				     run->entry->ready_bound_usec, now);
		else if (is_multi_user(root_runlevel_now()))
			(void)service_next(&run->service, EVENT_EXITED_FINAL, 0, now);
	}
	watch->is_maintained = is_asked;
}
