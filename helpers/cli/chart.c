/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a boot as rows of bars. */
#include "config.h"

#include "cli/chart.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum action {
	BEGIN, /* ends the row's open bar, begins another */
	END,
	END_FAILED, /* and a moment of kind CHART_FAILED */
	END_BY_STATUS, /* one of both: what it ended with stands behind the key status or code */
	MOMENT
};

/* What an event does to which row. The row's name is the value of key, or name where that is NULL. */
static const struct rule {
	const char *event;
	const char *group;
	const char *key;
	const char *name;
	enum action action;
	enum chart_kind kind;
} rules[] = {
	{ "boot.begin", "boot", NULL, "initramfs", BEGIN, CHART_RUNNING },
	{ "boot.early-done", "boot", NULL, "initramfs", END, CHART_MARK },
	{ "boot.open", "boot", NULL, "initramfs", MOMENT, CHART_MARK },
	{ "boot.check", "boot", NULL, "initramfs", MOMENT, CHART_MARK },
	{ "boot.ramtmp", "boot", NULL, "initramfs", MOMENT, CHART_MARK },
	{ "boot.stock", "boot", NULL, "initramfs", END_FAILED, CHART_FAILED },

	{ "overlay.up", "layer", NULL, "RAM", BEGIN, CHART_RUNNING },
	{ "ram.near-full", "layer", NULL, "RAM", MOMENT, CHART_FAILED },
	{ "layer.gone", "layer", NULL, "RAM", END, CHART_MARK },
	{ "layer.kept", "layer", NULL, "RAM", MOMENT, CHART_FAILED },
	{ "hold.up", "layer", NULL, "view", BEGIN, CHART_RUNNING },
	{ "hold.again", "layer", NULL, "view", BEGIN, CHART_RUNNING },
	{ "hold.died", "layer", NULL, "view", END_FAILED, CHART_FAILED },
	{ "hold.gave-up", "layer", NULL, "view", END_FAILED, CHART_FAILED },
	{ "hold.gone", "layer", NULL, "view", END, CHART_MARK },
	{ "socket.kept", "layer", "dir", NULL, BEGIN, CHART_RUNNING },
	{ "socket.gone", "layer", "dir", NULL, END, CHART_MARK },

	{ "merge.target", "merge", NULL, "merge", MOMENT, CHART_MARK },
	{ "merge.wake", "merge", NULL, "merge", BEGIN, CHART_STARTING },
	{ "merge.staged", "merge", NULL, "merge", MOMENT, CHART_MARK },
	{ "merge.early", "merge", NULL, "merge", MOMENT, CHART_MARK },
	{ "merge.sealed", "merge", NULL, "merge", BEGIN, CHART_PAUSE },
	{ "merge.published", "merge", NULL, "merge", MOMENT, CHART_MARK },
	{ "merge.switched", "merge", NULL, "merge", MOMENT, CHART_MARK },
	{ "merge.unsealed", "merge", NULL, "merge", BEGIN, CHART_STARTING },
	{ "merge.apart", "merge", NULL, "merge", MOMENT, CHART_MARK },
	{ "merge.joined", "merge", NULL, "merge", MOMENT, CHART_MARK },
	{ "merge.beside", "merge", NULL, "merge", MOMENT, CHART_MARK },
	{ "merge.going-down", "merge", NULL, "merge", MOMENT, CHART_MARK },
	{ "merge.repaired", "merge", NULL, "merge", MOMENT, CHART_MARK },
	{ "merge.lost", "merge", NULL, "merge", MOMENT, CHART_FAILED },
	{ "merge.done", "merge", NULL, "merge", END, CHART_MARK },
	{ "merge.refused", "merge", NULL, "merge", END_FAILED, CHART_FAILED },
	{ "merge.failed", "merge", NULL, "merge", END_FAILED, CHART_FAILED },

	{ "early.start", "early", "name", NULL, BEGIN, CHART_STARTING },
	{ "early.ready", "early", "name", NULL, BEGIN, CHART_RUNNING },
	{ "early.shown", "early", "name", NULL, MOMENT, CHART_MARK },
	{ "early.late", "early", "name", NULL, MOMENT, CHART_FAILED },
	{ "early.covered", "early", "name", NULL, MOMENT, CHART_MARK },
	{ "early.skipped", "early", "name", NULL, MOMENT, CHART_FAILED },
	{ "early.exit", "early", "name", NULL, END_BY_STATUS, CHART_FAILED },
	{ "early.gave-up", "early", "name", NULL, END_FAILED, CHART_FAILED },

	{ "rc.up", "rc", NULL, "filter", BEGIN, CHART_RUNNING },
	{ "rc.detached", "rc", NULL, "filter", END, CHART_MARK },
	{ "rc.late", "rc", NULL, "filter", MOMENT, CHART_MARK },
	{ "rc.forsaken", "rc", NULL, "filter", MOMENT, CHART_FAILED },
	{ "rc.no-socket", "rc", NULL, "filter", MOMENT, CHART_FAILED },
	{ "rc.net-up", "rc", NULL, "network", BEGIN, CHART_RUNNING },
	{ "rc.net-down", "rc", NULL, "network", END, CHART_MARK },
	{ "rc.hold", "rc", "name", NULL, BEGIN, CHART_WAITING },
	{ "rc.aside", "rc", "name", NULL, BEGIN, CHART_WAITING },
	{ "rc.start", "rc", "name", NULL, BEGIN, CHART_STARTING },
	{ "rc.back", "rc", "name", NULL, BEGIN, CHART_STARTING },
	{ "rc.end", "rc", "name", NULL, END_BY_STATUS, CHART_FAILED },
	{ "rc.lost", "rc", "name", NULL, END_FAILED, CHART_FAILED },
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

static const struct rule other = { NULL, "other", NULL, "other", MOMENT, CHART_MARK };

static const struct rule *rule_of(const struct timeline_event *event)
{
	size_t i;

	for (i = 0; i < RULES; i++)
		if (strcmp(rules[i].event, event->event) == 0)
			return &rules[i];
	return &other;
}

/* What cannot be known has not failed. */
static bool has_failed(const struct timeline_event *event)
{
	const char *status = timeline_value(event, "status");

	if (!status)
		status = timeline_value(event, "code");
	return status && strcmp(status, "0") != 0 && strcmp(status, "unknown") != 0;
}

static enum action action_of(const struct rule *rule, const struct timeline_event *event)
{
	if (rule->action != END_BY_STATUS)
		return rule->action;
	return has_failed(event) ? END_FAILED : END;
}

static struct chart_row *find_row(const struct chart *chart, const char *group, const char *name)
{
	size_t i;

	for (i = 0; i < chart->count; i++)
		if (strcmp(chart->rows[i].group, group) == 0 &&
		    strcmp(chart->rows[i].name, name) == 0)
			return &chart->rows[i];
	return NULL;
}

static struct chart_row *get_row(struct chart *chart, const char *group, const char *name)
{
	struct chart_row *row = find_row(chart, group, name);

	if (row)
		return row;
	row = reallocarray(chart->rows, chart->count + 1, sizeof(*row));
	if (!row)
		return NULL;
	chart->rows = row;
	row += chart->count++;
	*row = (struct chart_row){ .group = group, .name = name };
	return row;
}

static int add_bar(struct chart_row *row, const struct timeline_event *event, enum chart_kind kind)
{
	struct chart_bar *bars = reallocarray(row->bars, row->count + 1, sizeof(*bars));

	if (!bars)
		return -ENOMEM;
	row->bars = bars;
	bars[row->count++] = (struct chart_bar){
		.from = event->usec,
		.until = event->usec,
		.kind = kind,
		.event = event,
	};
	return 0;
}

/* Programs write their lines by themselves: one may be a little older than the line before it. */
static void end_bar(struct chart_row *row, uint64_t usec, const struct timeline_event *event)
{
	size_t i = row->count;

	if (!row->is_open)
		return;
	row->is_open = false;
	/* Moments stand behind the bar that they came in. */
	while (i > 0 &&
	       (row->bars[i - 1].kind == CHART_MARK || row->bars[i - 1].kind == CHART_FAILED))
		i--;
	if (i == 0)
		return;
	if (usec > row->bars[i - 1].from)
		row->bars[i - 1].until = usec;
	row->bars[i - 1].end = event;
}

static int take_event(struct chart *chart, const struct timeline_event *event)
{
	const struct rule *rule = rule_of(event);
	const char *name = rule->key ? timeline_value(event, rule->key) : rule->name;
	enum action action;
	struct chart_row *row;
	int r = 0;

	if (!name) {
		rule = &other;
		name = rule->name;
	}
	action = action_of(rule, event);
	row = get_row(chart, rule->group, name);
	if (!row)
		return -ENOMEM;
	if (action != MOMENT)
		end_bar(row, event->usec, event);
	if (action != END)
		r = add_bar(row, event, rule->kind);
	if (r == 0 && action == BEGIN)
		row->is_open = true;
	return r;
}

int chart_make(struct chart *ret_chart, const struct record *record)
{
	struct chart chart = { 0 };
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < record->count; i++) {
		if (!record->lines[i].is_event)
			continue;
		if (record->lines[i].event.usec > chart.until)
			chart.until = record->lines[i].event.usec;
		r = take_event(&chart, &record->lines[i].event);
	}
	for (i = 0; i < chart.count; i++)
		end_bar(&chart.rows[i], chart.until, NULL);
	*ret_chart = chart;
	return r;
}

void chart_free(struct chart *chart)
{
	size_t i;

	for (i = 0; i < chart->count; i++)
		free(chart->rows[i].bars);
	free(chart->rows);
	*chart = (struct chart){ 0 };
}
