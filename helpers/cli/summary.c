/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the events of a boot amount to. */
#include "config.h"

#include "cli/summary.h"

#include <string.h>

/* The program of that name, made if need be; NULL when there are too many. */
static struct program *find_program(struct summary *summary, const char *name)
{
	unsigned int i;

	for (i = 0; i < summary->program_count; i++)
		if (strcmp(summary->programs[i].name, name) == 0)
			return &summary->programs[i];
	if (i == SUMMARY_PROGRAMS_MAX)
		return NULL;
	summary->programs[i].name = name;
	summary->program_count++;
	return &summary->programs[i];
}

static const struct {
	const char *event;
	enum program_state state;
	const char *key; /* of what is kept as value */
} early_events[] = {
	{ "early.start", PROGRAM_STARTING, "pid" },  { "early.ready", PROGRAM_READY, NULL },
	{ "early.exit", PROGRAM_EXITED, "status" },  { "early.gave-up", PROGRAM_GAVE_UP, NULL },
	{ "early.skipped", PROGRAM_SKIPPED, "why" },
};

static void add_early(struct summary *summary, const struct timeline_event *event)
{
	const char *name = timeline_value(event, "name");
	struct program *program;
	unsigned int i;

	for (i = 0; i < sizeof(early_events) / sizeof(early_events[0]); i++)
		if (strcmp(event->event, early_events[i].event) == 0)
			break;
	if (i == sizeof(early_events) / sizeof(early_events[0]) || !name)
		return;
	program = find_program(summary, name);
	if (!program)
		return;
	program->state = early_events[i].state;
	program->value = early_events[i].key ? timeline_value(event, early_events[i].key) : NULL;
	program->usec = event->usec;
	if (program->state == PROGRAM_STARTING) {
		program->pid = program->value;
		program->starts++;
	}
}

static const struct {
	const char *event;
	enum merge_state state;
} merge_events[] = {
	{ "merge.wake", MERGE_RUNNING },     { "merge.staged", MERGE_RUNNING },
	{ "merge.sealed", MERGE_RUNNING },   { "merge.published", MERGE_RUNNING },
	{ "merge.switched", MERGE_RUNNING }, { "merge.unsealed", MERGE_RUNNING },
	{ "merge.early", MERGE_RUNNING },    { "merge.refused", MERGE_FAILED },
	{ "merge.failed", MERGE_FAILED },    { "merge.done", MERGE_DONE },
};

/* A refusal names the step, a failure the reason; some name both. */
static const char *why_of(const struct timeline_event *event)
{
	const char *why = timeline_value(event, "why");

	return why ? why : timeline_value(event, "step");
}

static void add_merge(struct summary *summary, const struct timeline_event *event)
{
	unsigned int i;

	for (i = 0; i < sizeof(merge_events) / sizeof(merge_events[0]); i++)
		if (strcmp(event->event, merge_events[i].event) == 0)
			break;
	if (i == sizeof(merge_events) / sizeof(merge_events[0]))
		return;
	summary->merge = merge_events[i].state;
	summary->merge_usec = event->usec;
	if (summary->merge == MERGE_FAILED)
		summary->merge_why = why_of(event);
	if (summary->merge == MERGE_DONE) {
		summary->merge_names = timeline_value(event, "names");
		summary->merge_bytes = timeline_value(event, "bytes");
	}
	if (timeline_value(event, "pause_us"))
		summary->pause_usec = timeline_value(event, "pause_us");
}

void summary_make(struct summary *ret_summary, const struct record *record)
{
	struct summary summary = { 0 };
	size_t i;

	for (i = 0; i < record->count; i++) {
		const struct timeline_event *event = &record->lines[i].event;

		if (!record->lines[i].is_event)
			continue;
		if (strcmp(event->event, "boot.stock") == 0)
			summary.stock_why = timeline_value(event, "why");
		if (strcmp(event->event, "overlay.up") == 0)
			summary.has_layers_begun = true;
		if (strcmp(event->event, "layer.kept") == 0)
			summary.layer_kept = event;
		if (strcmp(event->event, "layer.gone") == 0)
			summary.layer_kept = NULL;
		add_early(&summary, event);
		add_merge(&summary, event);
	}
	*ret_summary = summary;
}

enum phase summary_phase(const struct summary *summary, bool has_layers)
{
	if (has_layers && summary->merge == MERGE_RUNNING)
		return PHASE_MERGING;
	if (has_layers && summary->merge == MERGE_FAILED)
		return PHASE_FAILED;
	if (has_layers)
		return PHASE_EARLY;
	/* Without layers: carried to the disk, or never (or no longer) there. */
	if (summary->has_layers_begun && !summary->stock_why)
		return PHASE_DISK;
	return PHASE_STOCK;
}
