/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A group is still when it has hardly run, or waited for a disk, for three looks; no sooner. */
#include "config.h"

#include "check.h"
#include "supervise/still.h"

#define MSEC 1000ULL

/* The number of the look at which it is still, 0 if it is not within ten; each look has its own work. */
static unsigned int looks_until_still(const unsigned int msec[10])
{
	struct still still = { 0 };
	uint64_t now = 77 * 1000 * MSEC;
	uint64_t worked = 5 * 1000 * MSEC;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		worked += msec[i] * MSEC;
		if (still_next(&still, now, worked))
			return i + 1;
		CHECK_INT(still_due(&still), now + STILL_LOOK_USEC);
		now += STILL_LOOK_USEC;
	}
	return 0;
}

static void test_next(void)
{
	static const unsigned int nothing[10] = { 99 };
	static const unsigned int busy[10] = { 100, 100, 100, 100, 100, 100, 100, 100, 100, 100 };
	static const unsigned int drawn[10] = { 90, 90, 90, 120, 90, 2, 0, 3, 0, 0 };
	static const unsigned int pauses[10] = { 50, 1, 0, 60, 2, 1, 40, 0, 0, 30 };
	static const unsigned int edge[10] = { 0, 10, 10, 10, 10, 9, 10, 10, 10, 10 };

	CHECK_INT(looks_until_still(nothing), 4);
	CHECK_INT(looks_until_still(busy), 0);
	CHECK_INT(looks_until_still(drawn), 8);
	CHECK_INT(looks_until_still(pauses), 0);
	CHECK_INT(looks_until_still(edge), 6); /* less than a tenth, not a tenth */
}

/* Looks that come late are longer, not more. */
static void test_late(void)
{
	struct still still = { 0 };

	CHECK_INT(still_due(&still), 0);
	CHECK(!still_next(&still, 1000 * MSEC, 0));
	CHECK(!still_next(&still, 1900 * MSEC, 50 * MSEC));
	CHECK(!still_next(&still, 2000 * MSEC, 55 * MSEC));
	CHECK(still_next(&still, 2100 * MSEC, 60 * MSEC));
}

static void test_find(void)
{
	static const char stat[] = "usage_usec 1234567\nuser_usec 99\nsystem_usec 7\n";
	static const char pressure[] =
		"some avg10=0.00 avg60=0.00 avg300=0.00 total=18446744073709551615\n"
		"full avg10=0.00 avg60=0.00 avg300=0.00 total=5\n";
	uint64_t number = 42;

	CHECK(still_find(stat, "usage_usec ", &number));
	CHECK_INT(number, 1234567);
	CHECK(still_find(pressure, "total=", &number));
	CHECK(number == UINT64_MAX);
	number = 42;
	CHECK(!still_find("", "total=", &number));
	CHECK(!still_find("total=", "total=", &number));
	CHECK(!still_find("total=-5", "total=", &number));
	CHECK(!still_find("total=18446744073709551616", "total=", &number));
	CHECK(!still_find("total=111111111111111111111111111111", "total=", &number));
	CHECK_INT(number, 42);
}

int main(void)
{
	test_next();
	test_late();
	test_find();
	return check_result();
}
