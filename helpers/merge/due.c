/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is it time to try? */
#include "config.h"

#include "merge/due.h"

/* A cause that stays is no hurry; but in a shutdown there is no later. */
#define PAUSE_MAX 300
#define PAUSE_MAX_GOING_DOWN 2
/* Four fifths: the rest is for what programs write while the merge runs. */
#define NEAR_FULL_PARTS 5

bool due_now(const struct due *due)
{
	if (due->is_forced)
		return true;
	if (due->is_blocked || due->wake == WAKE_NOT_YET)
		return false;
	if (due->is_manual && !due->is_asked)
		return due->is_going_down;
	return due->wake == WAKE_READY || due->is_asked || due->is_late || due->is_near_full ||
	       due->is_going_down;
}

bool due_is_near_full(uint64_t blocks, uint64_t free_blocks)
{
	return blocks && free_blocks <= blocks / NEAR_FULL_PARTS;
}

unsigned int due_next_pause(const struct due *due, unsigned int pause)
{
	unsigned int max = due->is_going_down ? PAUSE_MAX_GOING_DOWN : PAUSE_MAX;

	return pause * 2 > max ? max : pause * 2;
}
