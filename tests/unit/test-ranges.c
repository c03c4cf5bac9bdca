/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locked ranges are cut, split and joined as the kernel does it, whatever is set in whatever order. */
#include "config.h"

#include "check.h"
#include "hold/ranges.h"

#include <fcntl.h>
#include <stdlib.h>

static void check_list(const struct range *range, const char *want)
{
	char text[256] = "";
	size_t used = 0;

	for (; range; range = range->next) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%c%lld-",
					 used ? " " : "", range->type == F_WRLCK ? 'w' : 'r',
					 (long long)range->start);
		if (range->end != RANGE_END)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%lld",
						 (long long)range->end);
	}
	CHECK_STR(text, want);
}

static void test_directed(void)
{
	struct range *ranges = NULL;

	CHECK_INT(ranges_set(&ranges, 10, 19, F_RDLCK), 0);
	CHECK_INT(ranges_set(&ranges, 20, 29, F_RDLCK), 0);
	check_list(ranges, "r10-29");
	CHECK_INT(ranges_set(&ranges, 15, 17, F_WRLCK), 0);
	check_list(ranges, "r10-14 w15-17 r18-29");
	CHECK_INT(ranges_set(&ranges, 15, 17, F_RDLCK), 0);
	check_list(ranges, "r10-29");
	CHECK_INT(ranges_set(&ranges, 12, 12, F_UNLCK), 0);
	check_list(ranges, "r10-11 r13-29");
	CHECK_INT(ranges_set(&ranges, 0, RANGE_END, F_WRLCK), 0);
	check_list(ranges, "w0-");
	CHECK_INT(ranges_set(&ranges, 100, RANGE_END, F_UNLCK), 0);
	check_list(ranges, "w0-99");
	CHECK_INT(ranges_set(&ranges, 5, RANGE_END, F_RDLCK), 0);
	check_list(ranges, "w0-4 r5-");
	CHECK(ranges_conflict(ranges, 6, 7, F_WRLCK));
	CHECK(!ranges_conflict(ranges, 6, 7, F_RDLCK));
	CHECK(ranges_conflict(ranges, 4, 7, F_RDLCK) == ranges);
	CHECK_INT(ranges_set(&ranges, 0, RANGE_END, F_UNLCK), 0);
	check_list(ranges, "");
	CHECK(!ranges);
	CHECK(!ranges_conflict(ranges, 0, RANGE_END, F_WRLCK));
}

/* Against an array of bytes: the same after each of many random steps, ordered and without overlap. */
static void test_random(unsigned int seed)
{
	enum { BYTES = 40, STEPS = 3000 };
	static const int types[] = { F_UNLCK, F_RDLCK, F_WRLCK };
	int model[BYTES];
	struct range *ranges = NULL;
	const struct range *range;
	int step, i, wrong = 0;

	for (i = 0; i < BYTES; i++)
		model[i] = F_UNLCK;
	srand(seed);
	for (step = 0; step < STEPS; step++) {
		int start = rand() % BYTES;
		int end = start + rand() % (BYTES - start);
		int type = types[rand() % 3];
		int shown[BYTES];

		wrong += ranges_set(&ranges, start, end, type) != 0;
		for (i = start; i <= end; i++)
			model[i] = type;
		for (i = 0; i < BYTES; i++)
			shown[i] = F_UNLCK;
		for (range = ranges; range; range = range->next) {
			for (i = (int)range->start; i <= range->end; i++)
				shown[i] = range->type;
			wrong += range->next && range->next->start <= range->end;
			wrong += range->next && range->next->type == range->type &&
				 range->next->start == range->end + 1;
		}
		wrong += memcmp(model, shown, sizeof(model)) != 0;
	}
	if (wrong)
		fprintf(stderr, "seed %u\n", seed);
	CHECK_INT(wrong, 0);
	ranges_free(&ranges);
}

int main(void)
{
	unsigned int seed;

	test_directed();
	for (seed = 1; seed <= 20; seed++)
		test_random(seed);
	return check_result();
}
