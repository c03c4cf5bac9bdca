/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Services × events × time to run, aside or hold. */
#include "config.h"

#include "rcfilter/decide.h"
#include "rcfilter/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What shows a login screen, and what no header names although every screen needs it. */
static const char *const screens[] = {
	"gdm",
	"gdm3",
	"lightdm",
	"sddm",
	"xdm",
	"slim",
	"slimski",
	"lxdm",
	"wdm",
	"kdm",
	"nodm",
	"ly",
	"dbus",
	"elogind",
	"consolekit",
	"seatd",
	"udev",
	"eudev",
	"x11-common",
	"plymouth",
	"messagebus",
	"keyboard-setup.sh",
	"console-setup.sh",
};

/* What checks file systems before they are mounted to be written to. */
static const char *const checks[] = { "checkroot.sh", "checkroot", "checkfs.sh", "checkfs" };

static const char *const state_names[STATES] = {
	[STATE_IDLE] = "idle",	 [STATE_HELD] = "held",	      [STATE_STARTING] = "starting",
	[STATE_RAN] = "ran",	 [STATE_SKIPPED] = "skipped", [STATE_FAILED] = "failed",
	[STATE_ASIDE] = "aside",
};

const char *state_name(enum state state)
{
	return state_names[state];
}

/* --- the gate -------------------------------------------------------------------------------- */

static bool is_blocked(const struct record *required)
{
	return required->state == STATE_FAILED || required->state == STATE_ASIDE;
}

/* The first required service that did not come, or CATALOG_NONE. */
static size_t blocker(const struct catalog *catalog, const struct record *records, size_t service)
{
	const struct service *s = &catalog->list[service];
	size_t i;

	for (i = 0; i < s->edges; i++)
		if (s->edge[i].required && s->edge[i].to != service &&
		    is_blocked(&records[s->edge[i].to]))
			return s->edge[i].to;
	return CATALOG_NONE;
}

/* Are there so many held ones already that this one, which may be among them, has no place? */
static bool is_crowded(const struct catalog *catalog, const struct record *records, size_t service)
{
	size_t held = 0;
	size_t i;

	for (i = 0; i < catalog->count; i++)
		held += i != service && records[i].state == STATE_HELD;
	return held >= HOLD_MANY;
}

static bool is_check(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (strcmp(name, checks[i]) == 0)
			return true;
	return false;
}

static enum why pace(const struct catalog *catalog, const struct facts *facts, size_t service)
{
	if (facts->screen_shares)
		return is_check(catalog->list[service].name) ? WHY_CHECK : WHY_NONE;
	if (!facts->parallel)
		return WHY_NONE; /* there a hold is a hold of everybody */
	if (facts->pace_gui && facts->screen_pending &&
	    !(facts->screen_needs && facts->screen_needs[service]))
		return WHY_SCREEN;
	if (facts->pace_io && facts->io_percent >= IO_BUSY)
		return WHY_DISK;
	return WHY_NONE;
}

struct decision decide_start(const struct catalog *catalog, const struct record *records,
			     size_t service, const struct facts *facts)
{
	struct decision run = { .verdict = VERDICT_RUN, .culprit = CATALOG_NONE };
	struct decision aside = { .verdict = VERDICT_ASIDE, .culprit = CATALOG_NONE };
	const struct record *record;
	uint64_t bound;
	enum why why;

	if (service == CATALOG_NONE)
		return run;
	if (catalog->list[service].needs_network && !facts->network) {
		aside.why = WHY_NETWORK;
		return aside;
	}
	aside.culprit = blocker(catalog, records, service);
	if (aside.culprit != CATALOG_NONE) {
		aside.why = records[aside.culprit].state == STATE_FAILED ? WHY_FAILED : WHY_ASIDE;
		return aside;
	}

	why = pace(catalog, facts, service);
	record = &records[service];
	bound = (record->state == STATE_HELD ? record->asked : facts->now) +
		(why == WHY_CHECK ? facts->hold_check : HOLD_ONE);
	if (why == WHY_NONE || facts->now >= bound)
		return run;
	if (why != WHY_CHECK &&
	    (facts->held_all >= HOLD_ALL || is_crowded(catalog, records, service)))
		return run;
	return (struct decision){ VERDICT_HOLD, why, CATALOG_NONE, bound };
}

/* --- the record ------------------------------------------------------------------------------ */

static void leave_hold(struct record *record, uint64_t now)
{
	if (record->state == STATE_HELD && now > record->asked)
		record->held += now - record->asked;
}

void record_begin(struct record *record, pid_t pid, uint64_t now)
{
	leave_hold(record, now);
	record->back |= record->state == STATE_ASIDE;
	record->left = false;
	record->state = STATE_STARTING;
	record->why = WHY_NONE;
	record->culprit = CATALOG_NONE;
	record->pid = pid;
	record->begun = now;
	if (!record->asked)
		record->asked = now;
}

void record_aside(struct record *record, const struct decision *decision, uint64_t now)
{
	leave_hold(record, now);
	record->state = STATE_ASIDE;
	record->why = decision->why;
	record->culprit = decision->culprit;
	if (!record->asked)
		record->asked = now;
}

void record_lose(struct record *record)
{
	record->state = STATE_ASIDE;
	record->why = WHY_LOST;
	record->culprit = CATALOG_NONE;
	record->pid = 0;
}

void record_hold(struct record *record, const struct decision *decision, uint64_t now)
{
	if (record->state != STATE_HELD)
		record->asked = now;
	record->state = STATE_HELD;
	record->why = decision->why;
	record->culprit = CATALOG_NONE;
}

void record_end(struct record *record, int code, uint64_t now)
{
	record->pid = 0;
	record->ended = now;
	record->code = code == RESULT_UNKNOWN ? 0 : code;
	if (code == 0 || code == RESULT_UNKNOWN)
		record->state = STATE_RAN;
	else if (code == 5 || code == 6) /* LSB: not installed, not configured */
		record->state = STATE_SKIPPED;
	else
		record->state = STATE_FAILED;
}

bool decide_again(int code, size_t size)
{
	return code != 0 || size > READ_AHEAD;
}

/* --- afterwards ------------------------------------------------------------------------------ */

bool decide_waits_for_network(const struct catalog *catalog, const struct record *records)
{
	size_t i;

	for (i = 0; i < catalog->count; i++)
		if (records[i].state == STATE_ASIDE && records[i].why == WHY_NETWORK)
			return true;
	return false;
}

/* Could it start if everything in chosen had started? */
static bool could_start(const struct catalog *catalog, const struct record *records,
			const struct facts *facts, const bool *chosen, size_t service)
{
	const struct service *s = &catalog->list[service];
	size_t i;

	if (s->needs_network && !facts->network)
		return false;
	for (i = 0; i < s->edges; i++) {
		size_t to = s->edge[i].to;

		if (s->edge[i].required && to != service && is_blocked(&records[to]) && !chosen[to])
			return false;
	}
	return true;
}

size_t decide_late(const struct catalog *catalog, const struct record *records,
		   const struct facts *facts, size_t *order)
{
	bool *chosen = calloc(catalog->count + 1, sizeof(*chosen));
	bool changed = true;
	size_t count;
	size_t i;

	if (!chosen)
		return 0;
	while (changed) {
		changed = false;
		for (i = 0; i < catalog->count; i++) {
			if (chosen[i] || records[i].state != STATE_ASIDE ||
			    !could_start(catalog, records, facts, chosen, i))
				continue;
			chosen[i] = true;
			changed = true;
		}
	}
	count = order_services(catalog, chosen, order);
	free(chosen);
	return count;
}

bool decide_leave(struct making *making, const struct network *network, uint64_t now,
		  uint64_t patience)
{
	if (!network->is_dark || network->is_coming)
		making->dark = 0;
	else if (!making->dark)
		making->dark = now;
	if (making->dark && now - making->dark >= LEAVE_DARK)
		return true;
	if (patience < LEAVE_DARK)
		patience = LEAVE_DARK;
	return network->is_coming && now - making->begun >= patience;
}

void decide_screen_needs(const struct catalog *catalog, bool *needs)
{
	size_t i;

	for (i = 0; i < sizeof(screens) / sizeof(screens[0]); i++) {
		size_t service = catalog_find(catalog, screens[i]);

		if (service != CATALOG_NONE)
			order_closure(catalog, service, needs);
	}
}

/* --- words ----------------------------------------------------------------------------------- */

static int explain_why(const struct catalog *catalog, const struct record *records, size_t service,
		       char *text, size_t size)
{
	const struct record *record = &records[service];
	const char *culprit =
		record->culprit < catalog->count ? catalog->list[record->culprit].name : "?";

	switch (record->why) {
	case WHY_NETWORK:
		return snprintf(text, size,
				"it requires %s, and no interface has a carrier and an address",
				catalog->list[service].needs_network);
	case WHY_FAILED:
		return snprintf(text, size, "it requires %s, which has failed", culprit);
	case WHY_ASIDE:
		return snprintf(text, size, "it requires %s, which stepped aside itself", culprit);
	case WHY_LOST:
		return snprintf(text, size, "the rc filter itself had died under it");
	case WHY_SCREEN:
		return snprintf(text, size, "the screen comes first");
	case WHY_CHECK:
		return snprintf(text, size, "the screen comes first for the disk");
	case WHY_DISK:
		return snprintf(text, size, "the disk is busy");
	case WHY_NONE:
	case WHYS:
		break;
	}
	return snprintf(text, size, "nothing speaks against it");
}

static int explain_state(const struct record *record, const char *name, const char *why, char *text,
			 size_t size)
{
	const char *back = record->back ? " after it had stepped aside" : "";

	switch (record->state) {
	case STATE_IDLE:
		return snprintf(text, size, "%s was not asked to start", name);
	case STATE_HELD:
		return snprintf(text, size, "%s is held for a moment: %s", name, why);
	case STATE_STARTING:
		return snprintf(text, size, "%s is starting%s", name, back);
	case STATE_RAN:
		return snprintf(text, size, "%s was started%s%s", name, back,
				record->left ? ", and goes on while the boot does not wait for it"
					     : "");
	case STATE_SKIPPED:
		return snprintf(text, size, "%s left it at that: %s", name,
				record->code == 5 ? "its program is not installed"
						  : "it is not configured");
	case STATE_FAILED:
		if (record->code < 0)
			return snprintf(text, size, "%s has failed%s: its script died of signal %d",
					name, back, -record->code);
		return snprintf(text, size, "%s has failed%s: its script ended with %d", name, back,
				record->code);
	case STATE_ASIDE:
		return snprintf(text, size, "%s stepped aside: %s", name, why);
	case STATES:
		break;
	}
	return 0;
}

/* For how long its start had waited for our answer. */
static int explain_held(const struct record *record, char *text, size_t size)
{
	unsigned long long msec = record->held / MSEC;

	if (!msec || record->state == STATE_HELD || record->state == STATE_IDLE)
		return 0;
	return snprintf(text, size, "; it was held for %llu.%03llu s", msec / 1000, msec % 1000);
}

size_t explain(const struct catalog *catalog, const struct record *records, size_t service,
	       char *text, size_t size)
{
	char why[256];
	int n;

	(void)explain_why(catalog, records, service, why, sizeof(why));
	n = explain_state(&records[service], catalog->list[service].name, why, text, size);
	if (n < 0)
		return 0;
	n += explain_held(&records[service], (size_t)n < size ? text + n : NULL,
			  (size_t)n < size ? size - (size_t)n : 0);
	return (size_t)n < size ? (size_t)n : size - 1;
}
