/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One start. */
#include "config.h"

#include "rcfilter/start.h"
#include "rcfilter/evidence.h"
#include "rcfilter/follow.h"
#include "rcfilter/late.h"
#include "rcfilter/leave.h"
#include "rcfilter/runner.h"
#include "rcfilter/running.h"
#include "rcfilter/style.h"
#include "rcfilter/world.h"
#include "common/fd.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The service of a file, or CATALOG_NONE where we do not know it: that one runs. */
static size_t service_of(const struct starts *starts, const char *name)
{
	size_t service = catalog_find(starts_catalog(starts), name);

	return service < BOARD_MAX ? service : CATALOG_NONE;
}

/* What the records say of required services may have been overtaken by what can be seen of them. */
static void look_at_required(struct starts *starts, size_t service)
{
	const struct service *s = &starts_catalog(starts)->list[service];
	size_t i;

	for (i = 0; i < s->edges; i++) {
		size_t to = s->edge[i].to;
		struct record *record = to < BOARD_MAX ? &starts->board->records[to] : NULL;

		if (!s->edge[i].required || !record || record->state != STATE_RAN ||
		    !evidence_is_gone(&starts_catalog(starts)->list[to]))
			continue;
		record_end(record, EVIDENCE_GONE, record->ended);
		starts_mark(starts, "rc.gone", to, NULL, NULL);
	}
}

static char *aside_text(const struct starts *starts, size_t service)
{
	char sentence[512];
	char line[600];

	(void)explain(starts_catalog(starts), starts->board->records, service, sentence,
		      sizeof(sentence));
	(void)style_line(starts->scripts->style, sentence, line, sizeof(line));
	return late_noop(line);
}

static enum answer set_aside(struct starts *starts, const struct opening *opening, size_t service,
			     const struct decision *decision, char **ret_text)
{
	struct record *record = &starts->board->records[service];
	struct script *script = NULL;
	char sentence[512];

	record_aside(record, decision, world_now());
	*ret_text = aside_text(starts, service);
	if (!*ret_text)
		return ANSWER_FILE;
	if (opening->is_exec)
		script = running_add(starts, opening->pid, service);
	if (script)
		script->is_aside = true;
	(void)explain(starts_catalog(starts), starts->board->records, service, sentence,
		      sizeof(sentence));
	starts_mark(starts, "rc.aside", service, "why", sentence);
	return ANSWER_TEXT;
}

static enum answer hold(struct starts *starts, size_t service, const struct decision *decision,
			uint64_t *ret_until)
{
	struct record *record = &starts->board->records[service];

	if (record->state != STATE_HELD)
		starts_mark(starts, "rc.hold", service, "why",
			    decision->why == WHY_DISK ? "disk" : "screen");
	record_hold(record, decision, world_now());
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
	bool counts = record->why != WHY_CHECK;

	record_begin(record, opening->pid, world_now());
	if (counts)
		starts->board->held_all += record->held - held;
	if (opening->is_exec)
		(void)running_add(starts, opening->pid, service);
	else
		record_end(record, RESULT_UNKNOWN, world_now());
	starts_mark(starts, is_back ? "rc.back" : "rc.start", service, NULL, NULL);
}

/* A start of service by a process that is still its runner's child. */
static enum answer gate(struct starts *starts, const struct opening *opening, size_t service,
			enum runner_kind kind, char **ret_text, uint64_t *ret_until)
{
	struct decision decision;
	struct facts facts;

	if (service == CATALOG_NONE)
		return ANSWER_FILE;
	running_look(starts);
	look_at_required(starts, service);
	facts = world_facts(starts, kind == RUNNER_STARTPAR);
	decision = decide_start(starts_catalog(starts), starts->board->records, service, &facts);
	switch (decision.verdict) {
	case VERDICT_ASIDE:
		return set_aside(starts, opening, service, &decision, ret_text);
	case VERDICT_HOLD:
		return hold(starts, service, &decision, ret_until);
	case VERDICT_RUN:
		break;
	}
	let_run(starts, opening, service);
	if (opening->is_exec)
		*ret_text = leave_text(starts, opening->pid, service);
	return *ret_text ? ANSWER_TEXT : ANSWER_FILE;
}

/* After a death of ours: entries that nobody asked for, because their start met a dead view. */
static void find_lost(struct starts *starts)
{
	const struct catalog *catalog = starts_catalog(starts);
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
	const struct catalog *catalog = starts_catalog(starts);
	struct facts facts = world_facts(starts, false);
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
	uint64_t patience = starts->options->net_wait * SECOND;
	uint64_t now = world_now();
	uint64_t until;

	running_look(starts);
	if (!starts->late_since) {
		world_network(starts);
		starts->late_since = now;
		find_lost(starts);
	}
	if (starts->board->net_waited < patience)
		patience -= starts->board->net_waited;
	else
		patience = 0;
	until = starts->late_since + patience;
	if (!starts->network.is_up && starts->network.is_coming && now < until &&
	    decide_waits_for_network(starts_catalog(starts), starts->board->records)) {
		*ret_until = until;
		return ANSWER_HOLD;
	}
	*ret_text = late_text(starts);
	if (!*ret_text)
		return ANSWER_FILE;
	(void)running_add(starts, pid, CATALOG_NONE);
	starts_mark(starts, "rc.late", CATALOG_NONE, NULL, NULL);
	return ANSWER_TEXT;
}

static bool is_late(const char *name)
{
	return strcmp(name, LATE_NAME) == 0 || strcmp(name, LATE_ENTRY) == 0;
}

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name);

	return length > strlen(end) && strcmp(name + length - strlen(end), end) == 0;
}

/* What OpenEmbedded and Buildroot source ends in .sh; Slackware sources any rc.X. */
static bool is_sourced(const struct opening *opening, const struct runner *runner)
{
	if (!opening->is_plain || runner->kind == RUNNER_STARTPAR)
		return false;
	if (runner->is_final && strncmp(opening->name, "rc.", 3) == 0)
		return !ends_with(opening->name, ".conf");
	return ends_with(opening->name, ".sh");
}

/* Which script the file is, to a runner of that kind; NULL where this open is no start. */
static const char *started_script(const struct starts *starts, const struct opening *opening,
				  const struct runner *runner)
{
	const char *seen = follow_entry(starts, opening->pid);
	const char *script = entry_script(opening->name);

	if (!opening->is_exec && !is_sourced(opening, runner))
		return NULL;
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
	const struct script *known = *running_find(starts, opening->pid);
	enum answer answer = ANSWER_FILE;
	struct runner runner;
	struct opening own;
	const char *script;

	*ret_watched = known != NULL;
	if (opening->is_exec && !known)
		leave_seen(starts, opening->name);
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
		else if (known->is_leavable)
			*ret_text = late_leavable();
		return *ret_text ? ANSWER_TEXT : ANSWER_FILE;
	}
	if (!opening->is_exec && !opening->is_plain)
		return ANSWER_FILE;
	runner = runner_at(starts->proc, opening->pid);
	if (runner.kind == RUNNER_NONE && !opening->is_exec &&
	    strncmp(opening->name, "rc.", 3) == 0) {
		/* "sh rc.X": from here on as if it had been executed. */
		runner = runner_of_shell(starts->proc, opening->pid, opening->name);
		own = *opening;
		own.is_exec = true;
		opening = &own;
	}
	script = runner.kind == RUNNER_NONE ? NULL : started_script(starts, opening, &runner);
	if (!script || runner_of_name(script))
		return ANSWER_FILE;
	/* As a rule its directory was seen before; not where that was read while nobody served it. */
	if (runner.is_final || follow_is_multi_user(runner.level))
		follow_runner(starts, opening->pid);
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
