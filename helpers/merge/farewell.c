/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last words. */
#include "config.h"

#include "merge/farewell.h"
#include "merge/views.h"
#include "common/fd.h"
#include "common/mountinfo.h"
#include "common/report.h"
#include "common/timeline.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* SIGTERM is blocked since news_open, and waited for. Ends with its parent, or by SIGKILL. */
static _Noreturn void be_waited_for(const struct farewell *farewell, pid_t parent)
{
	sigset_t set;
	int signal;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* killall5 may pass over who has an @ there, and it is what we are here for. */
	if (farewell->name[0] == '@')
		farewell->name[0] = 'i';
	(void)close_range(0, ~0U, 0);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	while (getppid() == parent)
		if (sigwait(&set, &signal) == 0)
			(void)kill(parent, SIGUSR1);
	_exit(0);
}

void farewell_begin(struct farewell *farewell)
{
	pid_t parent = getpid();
	pid_t child;

	if (farewell->child)
		return;
	child = fork();
	if (child == 0)
		be_waited_for(farewell, parent);
	farewell->child = child > 0 ? child : 0;
	farewell->is_over = false;
}

void farewell_end(struct farewell *farewell)
{
	if (!farewell->child)
		return;
	(void)kill(farewell->child, SIGKILL);
	(void)waitpid(farewell->child, NULL, 0);
	farewell->child = 0;
}

void farewell_reap(struct farewell *farewell)
{
	if (!farewell->child || waitpid(farewell->child, NULL, WNOHANG) != farewell->child)
		return;
	farewell->child = 0;
	farewell->is_over = true;
}

/* Paths that lead elsewhere lead to nothing of ours again. What was switched is on the disk. */
static bool is_any_live(const struct list *list)
{
	auto_free char *text = NULL;
	enum view_state state;
	uint64_t id;
	size_t i;

	if (mountinfo_read(&text) < 0)
		return true;
	for (i = 0; i < list->count; i++)
		if (views_look(text, list->entries[i].directory, &state, &id) < 0 ||
		    state == VIEW_LIVE)
			return true;
	return false;
}

/* Debian's umountfs takes every tmpfs away first; then the directory is one of /run. */
static bool is_mount(int run, int directory)
{
	struct stat above, st;

	return fstat(run, &above) == 0 && fstat(directory, &st) == 0 && above.st_dev != st.st_dev;
}

void farewell_look(struct farewell *farewell, int run, int ram)
{
	struct statvfs st;

	farewell->is_cut_off = ram < 0 || !is_mount(run, ram);
	if (farewell->is_cut_off || fstatvfs(ram, &st) < 0)
		return;
	farewell->is_counted = true;
	farewell->files = st.f_files - st.f_ffree;
	farewell->bytes = (uint64_t)(st.f_blocks - st.f_bfree) * st.f_frsize;
}

void farewell_say(struct farewell *farewell, const struct list *list, int timeline, const char *why)
{
	char files[24], bytes[24];

	if (farewell->is_said || !farewell->is_counted || (!farewell->is_over && is_any_live(list)))
		return;
	farewell->is_said = true;
	(void)snprintf(files, sizeof(files), "%" PRIu64, farewell->files);
	(void)snprintf(bytes, sizeof(bytes), "%" PRIu64, farewell->bytes);
	timeline_mark(timeline, "merge.lost", "files", files, "bytes", bytes, "why", why, NULL);
	report_line("lost with this shutdown: %s files and directories with %s bytes in RAM, "
		    "because: %s",
		    files, bytes, why);
}
