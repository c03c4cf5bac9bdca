/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which entries are started, and in which order. */
#include "config.h"

#include "supervise/pick.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct picker {
	const struct candidate *candidates;
	unsigned int count;
	const struct request *request;
	pick_say *skip;
	pick_say *complain;
	void *context;
	struct picks picks;
};

int pick_find(const struct candidate *candidates, unsigned int count, const char *name)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (strcmp(candidates[i].entry.name, name) == 0)
			return (int)i;
	return -1;
}

static bool is_picked(const struct picker *picker, unsigned int index)
{
	unsigned int i;

	for (i = 0; i < picker->picks.count; i++)
		if (picker->picks.pick[i] == index)
			return true;
	return false;
}

static void append(struct picker *picker, unsigned int index)
{
	if (picker->picks.count < PICK_MAX && !is_picked(picker, index))
		picker->picks.pick[picker->picks.count++] = index;
}

/* Why the candidate is not started early, or NULL. The text is written to why. */
static const char *obstacle(const struct picker *picker, unsigned int index, char *why, size_t size)
{
	const struct candidate *candidate = &picker->candidates[index];

	if (!candidate->is_installed)
		(void)snprintf(why, size, "%s is not installed", candidate->entry.program);
	else if (!candidate->is_due)
		(void)snprintf(why, size, "%s is not there", candidate->entry.only_while);
	else if (candidate->is_inits)
		(void)snprintf(why, size, "inittab starts it without initfs-supervise --adopt");
	else if (!candidate->is_enabled)
		(void)snprintf(why, size, "not enabled in runlevel %c", picker->request->runlevel);
	else
		return NULL;
	return why;
}

/* As deep as a chain of needs may be; a cycle is longer than any chain that makes sense. */
#define DEPTH_MAX 8

static bool add(struct picker *picker, unsigned int index, unsigned int depth, char *why,
		size_t size);

/* Adds one that another needs or wants. false: it cannot be had, and why says so. */
static bool add_need(struct picker *picker, const char *name, unsigned int depth, char *why,
		     size_t size)
{
	int index = pick_find(picker->candidates, picker->count, name);
	char obstacle_text[160];

	if (index < 0) {
		(void)snprintf(why, size, "it needs %s, which has no entry", name);
		return false;
	}
	if (is_picked(picker, (unsigned int)index))
		return true;
	if (obstacle(picker, (unsigned int)index, obstacle_text, sizeof(obstacle_text))) {
		(void)snprintf(why, size, "it needs %s: %s", name, obstacle_text);
		return false;
	}
	return add(picker, (unsigned int)index, depth, why, size);
}

/* Adds a candidate behind what it needs and wants. false: a need cannot be had, and why says so. */
static bool add(struct picker *picker, unsigned int index, unsigned int depth, char *why,
		size_t size)
{
	const struct entry *entry = &picker->candidates[index].entry;
	char unsaid[256];
	unsigned int i;

	if (depth > DEPTH_MAX) {
		(void)snprintf(why, size, "its needs go round in a circle");
		return false;
	}
	for (i = 0; i < entry->needs.count; i++)
		if (!add_need(picker, entry->needs.word[i], depth + 1, why, size))
			return false;
	for (i = 0; i < entry->wants.count; i++)
		(void)add_need(picker, entry->wants.word[i], depth + 1, unsaid, sizeof(unsaid));
	append(picker, index);
	for (i = 0; i < entry->also.count; i++)
		(void)add_need(picker, entry->also.word[i], depth + 1, unsaid, sizeof(unsaid));
	return true;
}

static void add_chosen(struct picker *picker, unsigned int index)
{
	struct picks before = picker->picks;
	char why[256];

	if (!add(picker, index, 0, why, sizeof(why))) {
		picker->picks = before; /* what it needs is of no use without it */
		picker->skip(picker->context, picker->candidates[index].entry.name, why);
	}
}

/* Complains about a name that nobody has, and tells which there are. */
static void complain_unknown(struct picker *picker, enum entry_kind kind, const char *wanted)
{
	char text[512];
	size_t length;
	unsigned int i;

	length = (size_t)snprintf(text, sizeof(text),
				  "there is no %s of that name; auto is used. There are auto, off",
				  entry_kind_name(kind));
	for (i = 0; i < picker->count && length < sizeof(text); i++)
		if (picker->candidates[i].entry.kind == kind)
			length += (size_t)snprintf(text + length, sizeof(text) - length, ", %s",
						   picker->candidates[i].entry.name);
	picker->complain(picker->context, wanted, text);
}

/* The one that was asked for by name: the wish counts more than what rc would do. */
static int choose_named(struct picker *picker, enum entry_kind kind, const char *wanted)
{
	int index = pick_find(picker->candidates, picker->count, wanted);

	if (index >= 0 && picker->candidates[index].entry.kind == kind)
		return index;
	complain_unknown(picker, kind, wanted);
	return -ENOENT;
}

/* May auto take the candidate for one of that kind, if nothing stands in its way? */
static bool is_for(const struct candidate *candidate, enum entry_kind kind)
{
	return candidate->entry.kind == kind && candidate->is_installed && candidate->is_due &&
	       candidate->entry.is_auto;
}

/* One that there is no choice but. */
static int choose_fallback(const struct picker *picker, enum entry_kind kind)
{
	char why[160];
	unsigned int i;

	for (i = 0; i < picker->count; i++)
		if (is_for(&picker->candidates[i], kind) && !obstacle(picker, i, why, sizeof(why)))
			return (int)i;
	return -ENOENT;
}

/*
 * The first of its kind that is installed and enabled; else says what came closest. A fallback comes
 * only where there is none, not where the administrator wants none.
 */
static int choose_auto(struct picker *picker, enum entry_kind kind)
{
	const char *name = entry_kind_name(kind);
	char why[160] = "none that has an entry is installed";
	bool has_any = false;
	int index;
	unsigned int i;

	for (i = 0; i < picker->count; i++) {
		const struct candidate *candidate = &picker->candidates[i];

		if (!is_for(candidate, kind) || candidate->entry.is_fallback)
			continue;
		if (!obstacle(picker, i, why, sizeof(why)))
			return (int)i;
		name = candidate->entry.name;
		has_any = true;
	}
	index = has_any ? -ENOENT : choose_fallback(picker, kind);
	if (index >= 0)
		return index;
	picker->skip(picker->context, name, why);
	return -ENOENT;
}

/* The distribution speaks of programs: of the entry of that name, or of one with such a program. */
static int find_screen(const struct picker *picker, const char *name)
{
	int index = pick_find(picker->candidates, picker->count, name);
	unsigned int i;

	for (i = 0; index < 0 && i < picker->count; i++) {
		const struct entry *entry = &picker->candidates[i].entry;

		if (entry->kind == ENTRY_SCREEN && entry->is_auto &&
		    strcmp(strrchr(entry->program, '/') + 1, name) == 0)
			index = (int)i;
	}
	return index;
}

/* One for which a file asks comes before the distribution's choice. */
static int choose_due_screen(struct picker *picker)
{
	char why[160];
	unsigned int i;

	for (i = 0; i < picker->count; i++) {
		const struct entry *entry = &picker->candidates[i].entry;

		if (entry->kind != ENTRY_SCREEN || !entry->only_while || !entry->is_auto ||
		    !picker->candidates[i].is_due)
			continue;
		if (!obstacle(picker, i, why, sizeof(why)))
			return (int)i;
		picker->skip(picker->context, entry->name, why);
	}
	return -ENOENT;
}

static int choose_default_screen(struct picker *picker)
{
	const char *name = picker->request->default_screen;
	int index = choose_due_screen(picker);
	char why[160] = "it is the default display manager, and has no entry";

	if (index >= 0)
		return index;
	if (!name)
		return choose_auto(picker, ENTRY_SCREEN);
	index = find_screen(picker, name);
	if (index >= 0 && picker->candidates[index].entry.kind == ENTRY_SCREEN &&
	    !obstacle(picker, (unsigned int)index, why, sizeof(why)))
		return index;
	picker->skip(picker->context, name, why);
	return -ENOENT;
}

static void pick_kind(struct picker *picker, enum entry_kind kind, const char *wanted)
{
	int index = -ENOENT;
	char why[160];

	if (strcmp(wanted, "off") == 0)
		return;
	if (kind == ENTRY_SCREEN && picker->request->no_screen) {
		picker->skip(picker->context, "screen", picker->request->no_screen);
		return;
	}
	if (strcmp(wanted, "auto") != 0)
		index = choose_named(picker, kind, wanted);
	/* Asked for by name: that counts more than rc. But two of it would fight for the screen. */
	if (index >= 0 &&
	    (!picker->candidates[index].is_installed || !picker->candidates[index].is_due ||
	     picker->candidates[index].is_inits)) {
		(void)obstacle(picker, (unsigned int)index, why, sizeof(why));
		picker->skip(picker->context, wanted, why);
		return;
	}
	if (index < 0)
		index = kind == ENTRY_SCREEN ? choose_default_screen(picker)
					     : choose_auto(picker, kind);
	if (index >= 0)
		add_chosen(picker, (unsigned int)index);
}

/* Most machines have none, and need none: only a wish that cannot be met is worth a word. */
static void pick_recovery(struct picker *picker)
{
	bool is_auto = strcmp(picker->request->recovery, "auto") == 0;
	unsigned int i;

	if (picker->request->no_screen)
		return;
	if (!is_auto) {
		pick_kind(picker, ENTRY_RECOVERY, picker->request->recovery);
		return;
	}
	for (i = 0; i < picker->count; i++) {
		const struct candidate *candidate = &picker->candidates[i];

		if (candidate->entry.kind == ENTRY_RECOVERY && candidate->is_installed) {
			add_chosen(picker, i);
			return;
		}
	}
}

/* Without a screen that hides it, the console asks as ever. */
static void pick_unlock(struct picker *picker)
{
	bool has_screen = false;
	unsigned int i;

	for (i = 0; i < picker->picks.count; i++)
		if (picker->candidates[picker->picks.pick[i]].entry.kind == ENTRY_SCREEN)
			has_screen = true;
	for (i = 0; has_screen && i < picker->count; i++) {
		const struct candidate *candidate = &picker->candidates[i];

		if (candidate->entry.kind == ENTRY_UNLOCK && candidate->is_installed &&
		    candidate->entry.is_auto) {
			add_chosen(picker, i);
			return;
		}
	}
}

void pick_make(const struct candidate *candidates, unsigned int count,
	       const struct request *request, pick_say *skip, pick_say *complain, void *context,
	       struct picks *ret_picks)
{
	struct picker picker = { candidates, count, request, skip, complain, context, { 0 } };

	pick_kind(&picker, ENTRY_SYSLOG, request->syslog);
	pick_kind(&picker, ENTRY_SCREEN, request->gui);
	pick_recovery(&picker);
	pick_unlock(&picker);
	*ret_picks = picker.picks;
}
