/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One start after the other. */
#include "config.h"

#include "rcfilter/start.h"
#include "rcfilter/evidence.h"
#include "rcfilter/late.h"
#include "rcfilter/result.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

uint64_t starts_now(void)
{
	return clock_usec(CLOCK_BOOTTIME);
}

static const struct catalog *catalog_of(const struct starts *starts)
{
	return &starts->scripts->catalog;
}

static void mark(const struct starts *starts, const char *event, size_t service, const char *key,
		 const char *value)
{
	if (service == CATALOG_NONE)
		timeline_mark(starts->timeline, event, "name", LATE_NAME, key, value, NULL);
	else
		timeline_mark(starts->timeline, event, "name",
			      catalog_of(starts)->list[service].name, key, value, NULL);
}

/* The service of a file, or CATALOG_NONE where we do not know it: that one runs. */
static size_t service_of(const struct starts *starts, const char *name)
{
	size_t service = catalog_find(catalog_of(starts), name);

	return service < BOARD_MAX ? service : CATALOG_NONE;
}

/* --- processes ------------------------------------------------------------------------------- */

static struct script **find_script(struct starts *starts, pid_t pid)
{
	struct script **at = &starts->running;

	while (*at && (*at)->pid != pid)
		at = &(*at)->next;
	return at;
}

static int watch_pid(const struct starts *starts, pid_t pid)
{
	auto_close int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)pid };

	if (fd < 0)
		return -errno;
	if (epoll_ctl(starts->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	return take_fd(&fd);
}

static void forget_script(struct script **at)
{
	struct script *script = *at;

	*at = script->next;
	fd_close(&script->pidfd);
	free(script);
}

static struct script *register_script(struct starts *starts, pid_t pid, size_t service)
{
	struct script **at = find_script(starts, pid);
	struct script *script;

	if (*at) /* a pid that was used again before we heard of its end */
		forget_script(at);
	script = calloc(1, sizeof(*script));
	if (!script)
		return NULL;
	*script = (struct script){ .next = starts->running, .pid = pid, .service = service };
	script->pidfd = watch_pid(starts, pid);
	starts->running = script;
	return script;
}

static void end_script(struct starts *starts, struct script **at, int code)
{
	struct record *record;
	char text[32];
	size_t service = (*at)->service;
	bool is_lost = (*at)->is_lost;
	bool counts = !(*at)->is_aside && service != CATALOG_NONE;

	forget_script(at);
	if (!counts)
		return;
	record = &starts->board->records[service];
	if (record->state != STATE_STARTING)
		return;
	if (is_lost) {
		record_lose(record);
		mark(starts, "rc.lost", service, NULL, NULL);
		return;
	}
	record_end(record, code, starts_now());
	(void)snprintf(text, sizeof(text), "%d", code);
	mark(starts, "rc.end", service, "code", code == RESULT_UNKNOWN ? "unknown" : text);
}

void starts_flushed(struct starts *starts, pid_t pid)
{
	struct script **at = find_script(starts, pid);
	int code;

	if (*at && result_of_exiting(starts->proc, pid, &code) == 0)
		end_script(starts, at, code);
}

bool starts_ended(struct starts *starts, pid_t pid)
{
	struct script **at;
	int code = RESULT_UNKNOWN;

	starts_exits(starts);
	at = find_script(starts, pid);
	if (*at) {
		/* Until its parent has asked for it, the code stands in /proc. */
		if (result_of_exiting(starts->proc, pid, &code) < 0)
			code = RESULT_UNKNOWN;
		end_script(starts, at, code);
	}
	if (pid != starts->board->runner)
		return false;
	fd_close(&starts->runner_fd);
	return true;
}

void starts_exits(struct starts *starts)
{
	pid_t pid;
	int code;
	int r;

	while (starts->exits >= 0 && (r = result_next(starts->exits, &pid, &code)) != 0) {
		struct script **at;

		if (r < 0)
			continue; /* some were lost: those end by their pidfd, without a code */
		at = find_script(starts, pid);
		if (*at)
			end_script(starts, at, code);
	}
}

static void take_over(struct starts *starts, size_t service)
{
	struct record *record = &starts->board->records[service];
	struct script *script;

	if (record->state == STATE_HELD)
		record->state = STATE_IDLE;
	if (record->state != STATE_STARTING)
		return;
	script = register_script(starts, record->pid, service);
	if (script && script->pidfd >= 0) {
		script->is_lost = true;
		return;
	}
	if (script)
		forget_script(find_script(starts, script->pid));
	record_lose(record);
	mark(starts, "rc.lost", service, NULL, NULL);
}

int starts_init(struct starts *starts)
{
	const struct catalog *catalog = catalog_of(starts);
	size_t i;

	starts->runner_fd = -EBADF;
	starts->early = openat(starts->state, TIMELINE_FILE, O_RDONLY | O_CLOEXEC);
	starts->screen_needs = calloc(catalog->count + 1, sizeof(*starts->screen_needs));
	if (!starts->screen_needs)
		return -ENOMEM;
	decide_screen_needs(catalog, starts->screen_needs);
	starts_network(starts);
	starts->board->servers++;
	*board_notes(starts->board) = (struct notes){ .current = { .unique = 0 } };
	if (starts->board->runner) {
		starts->runner_fd = watch_pid(starts, starts->board->runner);
		starts->board->over |= starts->runner_fd < 0; /* it has ended meanwhile */
	}
	if (starts->board->servers > 1)
		for (i = 0; i < catalog->count && i < BOARD_MAX; i++)
			take_over(starts, i);
	return 0;
}

void starts_free(struct starts *starts)
{
	while (starts->running)
		forget_script(&starts->running);
	fd_close(&starts->runner_fd);
	fd_close(&starts->early);
	free(starts->screen_needs);
}

void starts_network(struct starts *starts)
{
	bool was_up = starts->network.is_up;

	/* Where the kernel does not answer we go on with what we knew. */
	if (netlink_ask(&starts->network) < 0)
		return;
	if (starts->network.is_up != was_up)
		timeline_mark(starts->timeline, starts->network.is_up ? "rc.net-up" : "rc.net-down",
			      NULL);
}

/* --- runners --------------------------------------------------------------------------------- */

void starts_seen(struct starts *starts, pid_t pid, const char *entry)
{
	size_t at = starts->seen_next++ % SEEN_MAX;

	starts->seen[at].pid = pid;
	(void)snprintf(starts->seen[at].entry, sizeof(starts->seen[at].entry), "%s", entry);
}

/* The entry whose link pid has read last, or NULL. Newest first. */
static const char *seen_by(const struct starts *starts, pid_t pid)
{
	size_t i;

	for (i = 1; i <= SEEN_MAX && i <= starts->seen_next; i++) {
		size_t at = (starts->seen_next - i) % SEEN_MAX;

		if (starts->seen[at].pid == pid)
			return starts->seen[at].entry;
	}
	return NULL;
}

static void watch_runner(struct starts *starts, pid_t pid)
{
	if (starts->board->runner || starts->board->over)
		return;
	pid = runner_top(starts->proc, pid);
	if (pid <= 0)
		return;
	starts->runner_fd = watch_pid(starts, pid);
	if (starts->runner_fd >= 0)
		starts->board->runner = pid;
}

static bool is_multi_user(char level)
{
	return level >= '2' && level <= '5';
}

bool starts_directory(struct starts *starts, pid_t pid, char level, bool is_flat)
{
	struct runner runner;

	if (!level && !is_flat)
		return false;
	runner = runner_at(starts->proc, pid);
	if (runner.kind == RUNNER_NONE && starts_is_listing(starts, pid))
		runner.kind = RUNNER_SHELL;
	if (runner.kind == RUNNER_NONE || runner.kind == RUNNER_LATE)
		return false;
	if (runner.level)
		level = runner.level; /* going to 6, a runner may read rc2.d as well */
	if (level == '0' || level == '1' || level == '6')
		return true;
	if (level)
		starts->board->level = level;
	if (is_multi_user(level) || is_flat)
		watch_runner(starts, pid);
	return false;
}

bool starts_is_listing(const struct starts *starts, pid_t pid)
{
	return runner_at(starts->proc, pid).kind != RUNNER_NONE || runner_is_ls(starts->proc, pid);
}

/* --- the gate -------------------------------------------------------------------------------- */

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

static struct facts facts_now(struct starts *starts, bool parallel)
{
	const struct options *options = starts->options;

	if (parallel && options->pace_gui)
		read_screens(starts);
	return (struct facts){
		.now = starts_now(),
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

/* What the records say of required services may have been overtaken by what can be seen of them. */
static void look_at_required(struct starts *starts, size_t service)
{
	const struct service *s = &catalog_of(starts)->list[service];
	size_t i;

	for (i = 0; i < s->edges; i++) {
		size_t to = s->edge[i].to;
		struct record *record = to < BOARD_MAX ? &starts->board->records[to] : NULL;

		if (!s->edge[i].required || !record || record->state != STATE_RAN ||
		    !evidence_is_gone(&catalog_of(starts)->list[to]))
			continue;
		record_end(record, EVIDENCE_GONE, record->ended);
		mark(starts, "rc.gone", to, NULL, NULL);
	}
}

static char *aside_text(const struct starts *starts, size_t service)
{
	char sentence[512];

	(void)explain(catalog_of(starts), starts->board->records, service, sentence,
		      sizeof(sentence));
	return late_noop(sentence);
}

static enum answer set_aside(struct starts *starts, const struct opening *opening, size_t service,
			     const struct decision *decision, char **ret_text)
{
	struct record *record = &starts->board->records[service];
	struct script *script = NULL;
	char sentence[512];

	record_aside(record, decision, starts_now());
	*ret_text = aside_text(starts, service);
	if (!*ret_text)
		return ANSWER_FILE;
	if (opening->is_exec)
		script = register_script(starts, opening->pid, service);
	if (script)
		script->is_aside = true;
	(void)explain(catalog_of(starts), starts->board->records, service, sentence,
		      sizeof(sentence));
	mark(starts, "rc.aside", service, "why", sentence);
	return ANSWER_TEXT;
}

static enum answer hold(struct starts *starts, size_t service, const struct decision *decision,
			uint64_t *ret_until)
{
	struct record *record = &starts->board->records[service];

	if (record->state != STATE_HELD)
		mark(starts, "rc.hold", service, "why",
		     decision->why == WHY_SCREEN ? "screen" : "disk");
	record_hold(record, decision, starts_now());
	*ret_until = decision->until;
	return ANSWER_HOLD;
}

/*
 * A sourced script runs inside of a process that goes on to do other things: it is not registered,
 * and how it ended cannot be seen.
 */
static void let_run(struct starts *starts, const struct opening *opening, size_t service)
{
	struct record *record = &starts->board->records[service];
	uint64_t held = record->held;
	bool is_back = record->state == STATE_ASIDE;

	record_begin(record, opening->pid, starts_now());
	starts->board->held_all += record->held - held;
	if (opening->is_exec)
		(void)register_script(starts, opening->pid, service);
	else
		record_end(record, RESULT_UNKNOWN, starts_now());
	mark(starts, is_back ? "rc.back" : "rc.start", service, NULL, NULL);
}

/* A start of service by a process that is still its runner's child. */
static enum answer gate(struct starts *starts, const struct opening *opening, size_t service,
			enum runner_kind kind, char **ret_text, uint64_t *ret_until)
{
	struct decision decision;
	struct facts facts;

	if (service == CATALOG_NONE)
		return ANSWER_FILE;
	starts_exits(starts);
	look_at_required(starts, service);
	facts = facts_now(starts, kind == RUNNER_STARTPAR);
	decision = decide_start(catalog_of(starts), starts->board->records, service, &facts);
	switch (decision.verdict) {
	case VERDICT_ASIDE:
		return set_aside(starts, opening, service, &decision, ret_text);
	case VERDICT_HOLD:
		return hold(starts, service, &decision, ret_until);
	case VERDICT_RUN:
		break;
	}
	let_run(starts, opening, service);
	return ANSWER_FILE;
}

/* After a death of ours: entries that nobody asked for, because their start met a dead view. */
static void find_lost(struct starts *starts)
{
	const struct catalog *catalog = catalog_of(starts);
	char path[PATH_MAX];
	size_t i;

	if (starts->board->servers < 2)
		return;
	for (i = 0; i < catalog->count && i < BOARD_MAX; i++)
		if (starts->board->records[i].state == STATE_IDLE &&
		    scripts_path(starts->scripts, starts->board->level, catalog->list[i].name, path,
				 sizeof(path)))
			record_lose(&starts->board->records[i]);
}

static char *late_text(struct starts *starts)
{
	const struct catalog *catalog = catalog_of(starts);
	struct facts facts = facts_now(starts, false);
	auto_free size_t *order = calloc(catalog->count + 1, sizeof(*order));
	struct words paths = { 0 };
	char path[PATH_MAX];
	char *text = NULL;
	size_t count;
	size_t i;

	if (!order)
		return NULL;
	count = decide_late(catalog, starts->board->records, &facts, order);
	for (i = 0; i < count; i++) {
		(void)scripts_path(starts->scripts, starts->board->level,
				   catalog->list[order[i]].name, path, sizeof(path));
		if (words_add(&paths, path, strlen(path)) < 0)
			break;
	}
	text = late_script(&paths);
	words_free(&paths);
	return text;
}

/*
 * The late slot waits only for a network that is coming: without a carrier nobody's login prompt
 * waits, and what is still aside then comes back when the cable does.
 */
static enum answer gate_late(struct starts *starts, pid_t pid, char **ret_text, uint64_t *ret_until)
{
	uint64_t now = starts_now();
	uint64_t until;

	starts_exits(starts);
	if (!starts->late_since) {
		starts_network(starts);
		starts->late_since = now;
		find_lost(starts);
	}
	until = starts->late_since + starts->options->net_wait * SECOND;
	if (!starts->network.is_up && starts->network.is_coming && now < until &&
	    decide_waits_for_network(catalog_of(starts), starts->board->records)) {
		*ret_until = until;
		return ANSWER_HOLD;
	}
	*ret_text = late_text(starts);
	if (!*ret_text)
		return ANSWER_FILE;
	(void)register_script(starts, pid, CATALOG_NONE);
	mark(starts, "rc.late", CATALOG_NONE, NULL, NULL);
	return ANSWER_TEXT;
}

static bool is_late(const char *name)
{
	return strcmp(name, LATE_NAME) == 0 || strcmp(name, LATE_ENTRY) == 0;
}

/* Which script the file is, to a runner of that kind; NULL where this open is no start. */
static const char *started_script(const struct starts *starts, const struct opening *opening,
				  const struct runner *runner)
{
	const char *seen = seen_by(starts, opening->pid);
	const char *script = entry_script(opening->name);
	size_t length = strlen(opening->name);

	if (!opening->is_exec) {
		/* Sourced: only what ends in .sh is, and only by a runner that is a shell. */
		if (!opening->is_plain || runner->kind == RUNNER_STARTPAR || length < 4 ||
		    strcmp(opening->name + length - 3, ".sh") != 0)
			return NULL;
	}
	if (opening->level) /* a script that lies in rcN.d itself */
		return script && opening->name[0] == 'S' ? script : NULL;
	if (runner->kind == RUNNER_STARTPAR)
		return runner->stops ? NULL : opening->name;
	if (runner->kind == RUNNER_LATE)
		return opening->name;
	if (seen)
		return seen[0] == 'S' ? opening->name : NULL;
	if (script && opening->name[0] == 'S')
		return opening->name; /* Buildroot */
	if (runner->is_final && strncmp(opening->name, "rc.", 3) == 0)
		return opening->name; /* Slackware */
	return NULL;
}

enum answer starts_open(struct starts *starts, const struct opening *opening, char **ret_text,
			uint64_t *ret_until, bool *ret_watched)
{
	const struct script *known = *find_script(starts, opening->pid);
	enum answer answer = ANSWER_FILE;
	struct runner runner;
	const char *script;

	*ret_watched = known != NULL;
	if (starts->board->over && !known) {
		starts_abandoned(starts, opening);
		return ANSWER_FILE; /* whoever still holds the view: nothing is filtered any more */
	}
	if (!opening->is_exec && known && opening->is_plain) {
		/* The shell opens what the kernel has executed: the same text. */
		if (known->service == CATALOG_NONE && is_late(opening->name))
			*ret_text = late_text(starts);
		else if (known->is_aside)
			*ret_text = aside_text(starts, known->service);
		return *ret_text ? ANSWER_TEXT : ANSWER_FILE;
	}
	if (!opening->is_exec && !opening->is_plain)
		return ANSWER_FILE;
	runner = runner_at(starts->proc, opening->pid);
	script = runner.kind == RUNNER_NONE ? NULL : started_script(starts, opening, &runner);
	if (!script || runner_of_name(script))
		return ANSWER_FILE;
	if (runner.is_final)
		watch_runner(starts, opening->pid);
	if (is_late(script))
		answer = gate_late(starts, opening->pid, ret_text, ret_until);
	else
		answer = gate(starts, opening, service_of(starts, script), runner.kind, ret_text,
			      ret_until);
	*ret_watched = answer != ANSWER_HOLD;
	return answer;
}

void starts_abandoned(struct starts *starts, const struct opening *opening)
{
	size_t service = service_of(starts, opening->name);

	if (service != CATALOG_NONE && starts->board->records[service].state == STATE_HELD)
		starts->board->records[service].state = STATE_IDLE;
}
