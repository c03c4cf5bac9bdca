/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Renaming what the overlay renamed.
 *
 * A name that one leaves and another takes (log → log.1 → log.2) changes its owner in one step, by
 * an exchange. Only a circle of three or more has to begin somewhere: there the first name is
 * nobody's for the time of a few system calls.
 */
#include "config.h"

#include "merge/lift.h"
#include "merge/flags.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) static int failed(const struct move *move, int error, struct fault *fault)
{
	char path[FAULT_OBJECT_MAX];

	return fault_because(fault, error, "rename to",
			     tree_path(move->change, NULL, path, sizeof(path)), move->orig);
}

int lift_rename(const struct place *place, int from_dir, const char *from, int to_dir,
		const char *to, unsigned int flags)
{
	int r;

	if (renameat2(from_dir, from, to_dir, to, flags) == 0)
		return 0;
	if (errno != EPERM)
		return -errno;
	r = flags_lift(place->dir, from_dir, from);
	if (r == 0)
		r = flags_lift(place->dir, from_dir, ".");
	if (r == 0)
		r = flags_lift(place->dir, to_dir, ".");
	if (r == 0 && (flags & RENAME_EXCHANGE))
		r = flags_lift(place->dir, to_dir, to);
	if (r < 0)
		return r;
	return renameat2(from_dir, from, to_dir, to, flags) < 0 ? -errno : 0;
}

static int set_state(struct move *move, enum move_state state, int dir, const char *name)
{
	int copy = openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return copy < 0 ? -errno : moves_set(move, state, copy, name);
}

/* Two that change their names with each other. */
static int swap(struct publish *publish, struct move *a, struct move *b)
{
	int r = lift_rename(publish->place, a->dir, a->name, b->dir, b->name, RENAME_EXCHANGE);

	if (r < 0)
		return r;
	a->state = MOVE_PLACED;
	b->state = MOVE_PLACED;
	publish->names += 2;
	return 0;
}

/* Out of its name, and what is staged under that name into it. */
static int trade(struct publish *publish, struct move *move, const char *staged)
{
	int dir = publish->place->dir;
	int r = lift_rename(publish->place, dir, staged, move->dir, move->name, RENAME_EXCHANGE);

	return r < 0 ? r : set_state(move, MOVE_LIFTED, dir, staged);
}

/* Would its new name, made now, be seen where nobody expects it? */
static bool is_way_done(const struct change *change)
{
	for (change = change->parent; change; change = change->parent)
		if (change->move && change->move->state != MOVE_PLACED)
			return false;
	return true;
}

static int go(struct publish *publish, struct move *move)
{
	char name[PLACE_NAME_MAX];
	int dir = publish->place->dir;
	int r = -EEXIST;

	if (move->is_slot && is_way_done(move->change))
		r = lift_rename(publish->place, move->dir, move->name, move->beside,
				move->change->name, RENAME_NOREPLACE);
	if (r == 0) {
		move->state = MOVE_PLACED;
		publish->names++;
		return 0;
	}
	if (r != -EEXIST && r != -EINVAL)
		return r;
	(void)place_name('m', move->change->id, name);
	r = lift_rename(publish->place, move->dir, move->name, dir, name, RENAME_NOREPLACE);
	return r < 0 ? r : set_state(move, MOVE_LIFTED, dir, name);
}

static int lift(struct publish *publish, struct layer *layer, struct move *move)
{
	const struct tree *tree = &layer->tree;
	struct change *slot;
	struct move *other;
	char name[PLACE_NAME_MAX];
	int r = 0;

	if (move->state != MOVE_FOUND || move->visiting)
		return 0;
	slot = move->at_orig ? moves_slot(&layer->moves, tree, move->orig) : NULL;
	other = slot && slot->move != move ? slot->move : NULL;
	if (other && other->state == MOVE_FOUND && other->at_orig &&
	    moves_slot(&layer->moves, tree, other->orig) == move->change)
		return swap(publish, move, other);
	move->visiting = true;
	if (other)
		r = lift(publish, layer, other);
	move->visiting = false;
	if (r < 0)
		return r;
	if (other && other->state == MOVE_LIFTED) {
		(void)snprintf(name, sizeof(name), "%s", other->name);
		r = trade(publish, move, name);
		if (r == 0)
			r = set_state(other, MOVE_PLACED, other->dir, name);
		return r;
	}
	if (slot && slot->kind == CHANGE_PLACE && !slot->published) {
		r = trade(publish, move, place_name('s', slot->id, name));
		slot->published = r == 0;
		publish->names += r == 0;
		return r;
	}
	return go(publish, move);
}

static int by_depth(const void *a, const void *b)
{
	const struct move *const *first = a;
	const struct move *const *second = b;
	size_t one = strlen((*first)->orig), two = strlen((*second)->orig);

	return one > two ? -1 : one < two;
}

/* What was inside of another comes out before that goes. */
int lift_all(struct publish *publish, struct layer *layer, struct fault *fault)
{
	size_t count = layer->moves.count, i = 0;
	auto_free struct move **order = calloc(count + 1, sizeof(struct move *));
	struct move *move;
	int r = 0;

	if (!order)
		return fault_at(fault, -ENOMEM, "rename in", layer->name);
	for (move = layer->moves.first; move; move = move->next)
		order[i++] = move;
	qsort(order, count, sizeof(struct move *), by_depth);
	for (i = 0; r == 0 && i < count; i++) {
		r = lift(publish, layer, order[i]);
		if (r < 0)
			r = failed(order[i], r, fault);
	}
	return r;
}

int lift_place(struct publish *publish, struct move *move, int lower_dir, struct fault *fault)
{
	const char *name = move->change->name;
	int r;

	if (move->state != MOVE_LIFTED)
		return 0;
	r = lift_rename(publish->place, move->dir, move->name, lower_dir, name, RENAME_NOREPLACE);
	if (r == -EEXIST)
		r = lift_rename(publish->place, move->dir, move->name, lower_dir, name,
				RENAME_EXCHANGE);
	if (r == 0)
		r = set_state(move, MOVE_PLACED, lower_dir, name);
	if (r < 0)
		return failed(move, r, fault);
	publish->names++;
	return 0;
}
