/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Publishing before the seal. */
#include "config.h"

#include "merge/early.h"
#include "merge/client.h"
#include "merge/leaf.h"
#include "merge/note.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/openat.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>

/* Fewer are published in less time than a slice takes. */
#define NAMES_MIN 64
/* A slice, and how much longer programs go on before the next one. */
#define SLICE_USEC 2000
#define REST_TIMES 4
#define REST_MSEC_MIN 4

struct early {
	const struct place *place;
	struct copier *copier;
	int view;
	bool is_verified;
	bool is_over; /* something is in the way: the rest is published later */
	bool is_sealed;
	uint64_t since;
	struct early_result result;
};

struct level {
	struct change *change;
	int upper;
	int lower;
};

static bool is_candidate(const struct early *early, const struct change *change)
{
	return change->kind == CHANGE_PLACE && change->staged && !change->wanted &&
	       change->certain && !change->lower && !change->has_links && !change->protect &&
	       !change->move && !(early->is_verified && change->unread) &&
	       (S_ISREG(change->stamp.mode) || S_ISLNK(change->stamp.mode));
}

static uint64_t count(const struct early *early, struct change *change)
{
	struct leaf_walk leaves;
	struct change *child;
	uint64_t n = 0;

	for (child = change->children; child; child = child->next)
		n += child->kind == CHANGE_ENTER ? count(early, child) : is_candidate(early, child);
	for (child = leaf_first(&leaves, change); child; child = leaf_next(&leaves))
		n += is_candidate(early, child);
	return n;
}

static void unseal(struct early *early)
{
	struct fault fault = { 0 };
	uint64_t took;

	if (!early->is_sealed)
		return;
	if (client_unseal(early->view, &fault) < 0)
		early->is_over = true;
	early->is_sealed = false;
	took = clock_usec(CLOCK_MONOTONIC) - early->since;
	if (took > early->result.longest_usec)
		early->result.longest_usec = took;
	early->result.slices++;
}

/* Under a seal that is not too old; programs have had their time before a new one. */
static bool seal(struct early *early)
{
	struct fault fault = { 0 };
	uint64_t took;

	if (early->is_sealed) {
		took = clock_usec(CLOCK_MONOTONIC) - early->since;
		if (took < SLICE_USEC)
			return true;
		unseal(early);
		(void)poll(NULL, 0, (int)(took * REST_TIMES / 1000) + REST_MSEC_MIN);
	}
	early->since = clock_usec(CLOCK_MONOTONIC);
	if (!early->is_over && client_seal_briefly(early->view, &fault) == 0)
		early->is_sealed = true;
	else
		early->is_over = true;
	return early->is_sealed;
}

/* Exact, because nobody changes it now. */
static bool is_as_staged(const struct level *at, const struct change *change)
{
	struct stamp now;
	struct stat st;

	if (fstatat(at->upper, change->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	now = note_stamp(&st);
	return has_stamp(change, &now);
}

static void publish(struct early *early, const struct level *at, struct change *change)
{
	char staged[PLACE_NAME_MAX];

	if (!seal(early) || !is_as_staged(at, change))
		return;
	if (renameat2(early->place->dir, place_name('s', change->id, staged), at->lower,
		      change->name, RENAME_NOREPLACE) < 0)
		return;
	change->staged = false;
	change->lower = true;
	change->published = true;
	early->result.names++;
}

/*
 * A directory in which that was all is made equal to the upper one at once: if nothing changes in it
 * any more, the seal need not care for it. The next scan sees if it has.
 */
static void settle(struct early *early, const struct level *at)
{
	struct change *change = at->change;

	if (change->protect || change->lower_protected || !seal(early))
		return;
	change->is_settled = copy_directory(early->copier, at->upper, at->lower, false) == 0 &&
			     copy_times(early->copier, at->upper, at->lower) == 0;
}

static void walk(struct early *early, const struct level *at);

static void enter(struct early *early, const struct level *at, struct change *child)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
	auto_close int upper = open_walk(at->upper, child->name, flags, 0);
	auto_close int lower = open_walk(at->lower, child->name, flags, 0);
	struct level below = { child, upper, lower };

	if (upper >= 0 && lower >= 0)
		walk(early, &below);
}

static void walk(struct early *early, const struct level *at)
{
	uint64_t before = early->result.names;
	struct leaf_walk leaves;
	struct change *child;

	for (child = at->change->children; child && !early->is_over; child = child->next)
		if (child->kind == CHANGE_ENTER && !child->move)
			enter(early, at, child);
		else if (is_candidate(early, child))
			publish(early, at, child);
	for (child = leaf_first(&leaves, at->change); child && !early->is_over;
	     child = leaf_next(&leaves))
		if (is_candidate(early, child))
			publish(early, at, child);
	if (child)
		leaf_close(&leaves);
	if (early->result.names > before)
		settle(early, at);
}

static void publish_target(struct early *early, const struct merge *merge)
{
	size_t i;

	early->place = &merge->place;
	early->copier = merge->copier;
	for (i = 0; i < merge->count && !early->is_over; i++) {
		const struct layer *layer = &merge->layers[i];
		const struct level root = { layer->tree.root, layer->upper, layer->lower };

		/* Where not all names of the disk are ours to replace, it has to be known which are. */
		if (!layer->apart)
			walk(early, &root);
	}
}

void early_publish(struct targets *targets, int view, bool is_verified,
		   struct early_result *ret_result)
{
	struct early early = { .view = view, .is_verified = is_verified };
	uint64_t names = 0;
	size_t i, k;

	for (i = 0; i < targets->count; i++)
		for (k = 0; k < targets->list[i].count; k++)
			names += targets->list[i].layers[k].apart
					 ? 0
					 : count(&early, targets->list[i].layers[k].tree.root);
	if (names >= NAMES_MIN)
		for (i = 0; i < targets->count && !early.is_over; i++)
			publish_target(&early, &targets->list[i]);
	unseal(&early);
	*ret_result = early.result;
}
