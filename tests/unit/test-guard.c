/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard gives up at the sixth death within a minute, and at no other. */
#include "config.h"

#include "check.h"
#include "passthrough/guard.h"

int main(void)
{
	struct guard guard = { 0 };
	time_t now;

	/* One each 13 seconds: never six in sixty. */
	for (now = 1000; now < 2000; now += 13)
		CHECK(!guard_is_hopeless(&guard, now));
	/* Five more at once; together with the slow ones before, six are within a minute soon. */
	guard = (struct guard){ 0 };
	for (now = 0; now < GUARD_DEATHS_MAX; now++)
		CHECK(!guard_is_hopeless(&guard, now));
	CHECK(guard_is_hopeless(&guard, GUARD_DEATHS_SECONDS - 1));
	/* The first of five is a minute ago: that was the sixth, but not within the minute. */
	guard = (struct guard){ 0 };
	for (now = 0; now < GUARD_DEATHS_MAX; now++)
		CHECK(!guard_is_hopeless(&guard, now));
	CHECK(!guard_is_hopeless(&guard, GUARD_DEATHS_SECONDS));
	return check_result();
}
