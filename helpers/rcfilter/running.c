/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which process is which service, and how it ended. */
#include "config.h"

#include "rcfilter/running.h"
#include "rcfilter/result.h"
#include "rcfilter/world.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/timeline.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How long we wait for the news of an end that a pidfd has told us. Who ends may have to wait for a
 * processor between the two, and who requires it is decided by the news. */
#define NEWS_MSEC 200
/* Between two questions, where no news comes. */
#define NEWS_STEP_MSEC 1

struct script **running_find(struct starts *starts, pid_t pid)
{
	struct script **at = &starts->running;

	while (*at && (*at)->pid != pid)
		at = &(*at)->next;
	return at;
}

int running_watch(const struct starts *starts, pid_t pid)
{
	auto_close int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)pid };

	if (fd < 0)
		return -errno;
	if (epoll_ctl(starts->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	return take_fd(&fd);
}

void running_forget(struct script **at)
{
	struct script *script = *at;

	*at = script->next;
	fd_close(&script->pidfd);
	free(script);
}

struct script *running_add(struct starts *starts, pid_t pid, size_t service)
{
	struct script **at = running_find(starts, pid);
	struct script *script;

	if (*at) /* a pid that was used again before we heard of its end */
		running_forget(at);
	script = calloc(1, sizeof(*script));
	if (!script)
		return NULL;
	*script = (struct script){ .next = starts->running, .pid = pid, .service = service };
	script->pidfd = running_watch(starts, pid);
	starts->running = script;
	return script;
}

static void end_script(struct starts *starts, struct script **at, int code)
{
	struct record *record;
	char text[32];
	size_t service = (*at)->service;
	bool counts = !(*at)->is_aside && service != CATALOG_NONE;
	bool is_lost = counts && (*at)->is_lost &&
		       decide_again(code, starts_catalog(starts)->list[service].size);

	running_forget(at);
	if (!counts)
		return;
	record = &starts->board->records[service];
	if (record->state != STATE_STARTING)
		return;
	if (is_lost) {
		record_lose(record);
		starts_mark(starts, "rc.lost", service, NULL, NULL);
		return;
	}
	record_end(record, code, world_now());
	(void)snprintf(text, sizeof(text), "%d", code);
	starts_mark(starts, "rc.end", service, "code", code == RESULT_UNKNOWN ? "unknown" : text);
}

void running_flushed(struct starts *starts, pid_t pid)
{
	struct script **at = running_find(starts, pid);
	int code;

	if (*at && result_of_exiting(starts->proc, pid, &code) == 0)
		end_script(starts, at, code);
}

void running_exits(struct starts *starts)
{
	pid_t pid;
	int code;
	int r;

	while (starts->exits >= 0 && (r = result_next(starts->exits, &pid, &code)) != 0) {
		struct script **at;

		if (r < 0)
			continue; /* some were lost: those end by their pidfd, without a code */
		at = running_find(starts, pid);
		if (*at)
			end_script(starts, at, code);
	}
}

/*
 * How did a script end of which we only know that it has? Until its parent has asked, its code
 * stands in /proc; afterwards a new kernel tells by the pidfd, and an old one by the proc connector,
 * whose news may come a moment after the parent's (it is sent behind exit_notify). Returns -EAGAIN
 * where that may still be told.
 */
static int take_code(struct starts *starts, pid_t pid)
{
	struct script **at;
	int code;
	int r;

	running_exits(starts);
	at = running_find(starts, pid);
	if (!*at)
		return 0;
	r = result_of_exiting(starts->proc, pid, &code);
	if (r < 0)
		r = result_of_gone((*at)->pidfd, &code);
	if (r < 0)
		return starts->exits >= 0 || r == -ESRCH ? -EAGAIN : r;
	end_script(starts, at, code);
	return 0;
}

static void take_end(struct starts *starts, pid_t pid)
{
	struct pollfd news = { .fd = starts->exits, .events = POLLIN };
	uint64_t until = clock_usec(CLOCK_MONOTONIC) + NEWS_MSEC * 1000;
	struct script **at;

	while (take_code(starts, pid) == -EAGAIN && clock_usec(CLOCK_MONOTONIC) < until)
		(void)poll(&news, 1, NEWS_STEP_MSEC); /* others' news ends it, too */
	at = running_find(starts, pid);
	if (*at)
		end_script(starts, at, RESULT_UNKNOWN);
}

bool running_ended(struct starts *starts, pid_t pid)
{
	running_exits(starts);
	take_end(starts, pid);
	if (pid != starts->board->runner)
		return false;
	fd_close(&starts->runner_fd);
	return true;
}

/* The first script after `from` of which its pidfd says that it has ended; 0: none. */
static pid_t next_ended(const struct script *from)
{
	for (; from; from = from->next) {
		struct pollfd end = { .fd = from->pidfd, .events = POLLIN };

		if (poll(&end, 1, 0) > 0)
			return from->pid;
	}
	return 0;
}

void running_look(struct starts *starts)
{
	pid_t pid;

	running_exits(starts);
	while ((pid = next_ended(starts->running)))
		take_end(starts, pid);
}

void running_take_over(struct starts *starts, size_t service)
{
	struct record *record = &starts->board->records[service];
	struct script *script;

	if (record->state == STATE_HELD)
		record->state = STATE_IDLE;
	if (record->state != STATE_STARTING)
		return;
	script = running_add(starts, record->pid, service);
	if (script && script->pidfd >= 0) {
		script->is_lost = true;
		return;
	}
	if (script)
		running_forget(running_find(starts, script->pid));
	record_lose(record);
	starts_mark(starts, "rc.lost", service, NULL, NULL);
}
