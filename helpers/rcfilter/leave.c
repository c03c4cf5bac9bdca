/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scripts that make the network. */
#include "config.h"

#include "rcfilter/leave.h"
#include "rcfilter/late.h"
#include "rcfilter/runner.h"
#include "rcfilter/running.h"
#include "rcfilter/world.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

char *leave_text(struct starts *starts, pid_t pid, size_t service)
{
	struct script *script = *running_find(starts, pid);
	char *text;

	/* Without its pidfd we could not be sure whom we tell to end. */
	if (!starts_catalog(starts)->list[service].makes_network || !script || script->pidfd < 0)
		return NULL;
	text = late_leavable();
	script->is_leavable = text != NULL;
	return text;
}

void leave_seen(struct starts *starts, const char *name)
{
	const char *entry = entry_script(name);
	struct script *script;

	if (entry) /* a script that lies in rcN.d itself */
		name = entry;
	for (script = starts->running; script; script = script->next)
		if (script->is_leavable && !script->making.begun &&
		    strcmp(starts_catalog(starts)->list[script->service].name, name) == 0)
			script->making.begun = world_now();
}

static void leave(struct starts *starts, struct script *script, uint64_t now)
{
	script->is_left = true;
	starts->board->net_waited += now - script->making.begun;
	if (syscall(SYS_pidfd_send_signal, script->pidfd, SIGUSR1, NULL, 0) < 0)
		return; /* it has ended just now */
	starts->board->records[script->service].left = true;
	starts_mark(starts, "rc.left", script->service, "why",
		    script->making.dark ? "no carrier" : "no address");
}

bool leave_look(struct starts *starts)
{
	uint64_t patience = starts->options->net_wait * SECOND;
	uint64_t now = world_now();
	struct script *script;
	bool is_any = false;

	for (script = starts->running; script; script = script->next) {
		if (!script->making.begun || script->is_left)
			continue;
		is_any = true;
		if (decide_leave(&script->making, &starts->network, now, patience))
			leave(starts, script, now);
	}
	return is_any;
}
