/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Merges into several file systems. */
#include "config.h"

#include "merge/targets.h"

#include <errno.h>

int targets_add(struct targets *targets, struct layer *layers, size_t count, int place,
		const struct beside *beside, struct fault *fault)
{
	struct merge *merge = &targets->list[targets->count];
	int r;

	/* Counted also after a failure: targets_free closes what merge_make has taken. */
	r = merge_make(merge, layers, count, place, fault);
	if (beside) {
		targets->beside[targets->count] = *beside;
		merge->beside = &targets->beside[targets->count];
	}
	targets->count++;
	return r;
}

void targets_free(struct targets *targets)
{
	size_t i;

	for (i = 0; i < targets->count; i++)
		merge_free(&targets->list[i]);
	targets->count = 0;
}

typedef int step_fn(struct merge *merge, bool is_live, struct merge_work *ret_work,
		    struct fault *fault);

static int add_up(struct targets *targets, step_fn *step, bool is_live, struct merge_work *ret_work,
		  struct fault *fault)
{
	struct merge_work sum = { 0 };
	size_t i;

	for (i = 0; i < targets->count; i++) {
		struct merge_work work = { 0 };
		int r = step(&targets->list[i], is_live, &work, fault);

		if (r < 0)
			return r;
		sum.names += work.names;
		sum.bytes += work.bytes;
	}
	*ret_work = sum;
	return 0;
}

int targets_scan(struct targets *targets, bool is_live, struct merge_work *ret_work,
		 struct fault *fault)
{
	return add_up(targets, merge_scan, is_live, ret_work, fault);
}

int targets_stage(struct targets *targets, bool is_live, struct merge_work *ret_work,
		  struct fault *fault)
{
	return add_up(targets, merge_stage, is_live, ret_work, fault);
}

int targets_begin(struct targets *targets, struct fault *fault)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < targets->count; i++)
		r = merge_begin(&targets->list[i], fault);
	return r;
}

int targets_sync(struct targets *targets, struct fault *fault)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < targets->count; i++)
		r = merge_sync(&targets->list[i], fault);
	return r;
}

int targets_settle(struct targets *targets, bool is_verified, bool is_live, struct fault *fault)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < targets->count; i++) {
		targets->list[i].is_verified = is_verified;
		r = merge_settle(&targets->list[i], is_live, fault);
	}
	return r;
}

int targets_publish(struct targets *targets, uint64_t *ret_names, struct fault *fault)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < targets->count; i++) {
		uint64_t names = 0;
		int r = merge_publish(&targets->list[i], &names, fault);

		if (r < 0)
			return r;
		sum += names;
	}
	*ret_names = sum;
	return 0;
}

int targets_clean(struct targets *targets, struct fault *fault)
{
	size_t i;
	int result = 0;

	for (i = 0; i < targets->count; i++) {
		int r = merge_clean(&targets->list[i], fault);

		if (result == 0)
			result = r;
	}
	return result;
}
