/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program is started, rests, is given up or left alone by its deaths and a pretended clock. */
#include "config.h"

#include "check.h"
#include "supervise/state.h"

#include <signal.h>

#define SECOND 1000000ULL
#define EXIT(code) ((code) << 8)

static struct service service;

static long long next(enum event event, int status, uint64_t now)
{
	return service_next(&service, event, status, now);
}

/* A service that waits from now on, for 10 s at most, and is ready within 5 s. */
static void fresh(uint64_t now)
{
	service_init(&service, true, 10 * SECOND, 5 * SECOND, now);
}

static void test_start_and_ready(void)
{
	fresh(100 * SECOND);
	CHECK_INT(service.state, STATE_WAITING);
	CHECK_INT(next(EVENT_TICK, 0, 105 * SECOND), ACTION_NONE);
	CHECK_INT(next(EVENT_READY, 0, 105 * SECOND), ACTION_NONE);
	CHECK_INT(next(EVENT_ALLOWED, 0, 106 * SECOND), ACTION_START);
	CHECK(is_running(&service));
	CHECK_INT(service.deadline, 111 * SECOND);
	CHECK_INT(next(EVENT_ALLOWED, 0, 107 * SECOND), ACTION_NONE);
	CHECK_INT(next(EVENT_READY, 0, 108 * SECOND), ACTION_SAY_READY);
	CHECK_INT(next(EVENT_READY, 0, 109 * SECOND), ACTION_NONE);
	CHECK_INT(next(EVENT_TICK, 0, 999 * SECOND), ACTION_NONE);
	CHECK_INT(service.state, STATE_READY);
}

static void test_bounds(void)
{
	fresh(0);
	CHECK_INT(next(EVENT_TICK, 0, 10 * SECOND - 1), ACTION_NONE);
	CHECK_INT(next(EVENT_TICK, 0, 10 * SECOND), ACTION_SAY_SKIPPED);
	CHECK(is_over(&service));
	CHECK_INT(next(EVENT_ALLOWED, 0, 11 * SECOND), ACTION_NONE);

	fresh(0);
	CHECK_INT(next(EVENT_IMPOSSIBLE, 0, 1), ACTION_SAY_SKIPPED);

	fresh(0);
	(void)next(EVENT_ALLOWED, 0, 0);
	CHECK_INT(next(EVENT_TICK, 0, 5 * SECOND - 1), ACTION_NONE);
	CHECK_INT(next(EVENT_TICK, 0, 5 * SECOND), ACTION_SAY_LATE);
	CHECK(is_running(&service));
	CHECK_INT(next(EVENT_READY, 0, 6 * SECOND), ACTION_SAY_READY);
}

static void check_stops(int status)
{
	fresh(0);
	(void)next(EVENT_ALLOWED, 0, 0);
	CHECK_INT(next(EVENT_EXITED, status, SECOND), ACTION_SAY_STOPPED);
	CHECK_INT(service.state, STATE_STOPPED);
	CHECK_INT(next(EVENT_TICK, 0, 1000 * SECOND), ACTION_NONE);
}

static void check_rests(int status)
{
	fresh(0);
	(void)next(EVENT_ALLOWED, 0, 0);
	CHECK_INT(next(EVENT_EXITED, status, SECOND), ACTION_SAY_RESTING);
	CHECK(!is_running(&service));
	CHECK(!is_over(&service));
}

/* The later after its start, the later it is looked at again; a blink at most. */
static void test_looks(void)
{
	fresh(100 * SECOND);
	CHECK_INT(service_look_usec(&service, 100 * SECOND), STATE_LOOK_USEC);
	(void)next(EVENT_ALLOWED, 0, 101 * SECOND);
	CHECK_INT(service_look_usec(&service, 101 * SECOND), STATE_LOOK_MIN_USEC);
	CHECK_INT(service_look_usec(&service, 101 * SECOND + 160000), 10000);
	CHECK_INT(service_look_usec(&service, 101 * SECOND + 800000), STATE_LOOK_USEC);
	CHECK_INT(service_look_usec(&service, 109 * SECOND), STATE_LOOK_USEC);
	(void)next(EVENT_READY, 0, 110 * SECOND);
	CHECK_INT(service_look_usec(&service, 110 * SECOND), STATE_LOOK_USEC);
}

static void test_on_purpose(void)
{
	check_stops(EXIT(0));
	check_stops(SIGTERM);
	check_rests(EXIT(1));
	check_rests(SIGKILL);
	check_rests(SIGSEGV | 0x80);
	check_rests(STATE_NOT_STARTED);

	service_init(&service, false, SECOND, SECOND, 0);
	(void)next(EVENT_ALLOWED, 0, 0);
	CHECK_INT(next(EVENT_EXITED, SIGKILL, 1), ACTION_SAY_STOPPED);
}

static void test_final(void)
{
	fresh(0);
	(void)next(EVENT_ALLOWED, 0, 0);
	CHECK_INT(next(EVENT_EXITED_FINAL, SIGKILL, 1), ACTION_SAY_STOPPED);
	CHECK(is_over(&service));

	check_rests(SIGKILL);
	CHECK_INT(next(EVENT_IMPOSSIBLE, 0, 2 * SECOND), ACTION_SAY_STOPPED);
	CHECK_INT(service.state, STATE_STOPPED);
}

/* Dies after each start when life is over; returns when it is given up, 0 if not in 100 deaths. */
static uint64_t die_until_given_up(uint64_t life)
{
	uint64_t now = 0;
	int deaths;

	fresh(0);
	(void)next(EVENT_ALLOWED, 0, now);
	for (deaths = 1; deaths < 100; deaths++) {
		now += life;
		if (next(EVENT_EXITED, SIGKILL, now) == ACTION_GIVE_UP)
			return now;
		now = service.deadline;
		CHECK_INT(next(EVENT_TICK, 0, now - 1), ACTION_NONE);
		CHECK_INT(next(EVENT_TICK, 0, now), ACTION_START);
	}
	return 0;
}

static void test_five_deaths(void)
{
	/* rests of 0.5, 1, 2 and 4 s, then it is the fifth death */
	CHECK_INT(die_until_given_up(0), 7500000);
	CHECK_INT(service.deaths, STATE_DEATHS_MAX);
	CHECK_INT(next(EVENT_TICK, 0, 10000 * SECOND), ACTION_NONE);
	/* the five lives are shorter than a minute */
	CHECK(die_until_given_up(10 * SECOND) > 0);
	/* and never does here: an hour of crashes, each after 20 s */
	CHECK_INT(die_until_given_up(20 * SECOND), 0);
}

/* Whoever looks at the screen sees it go for 16 s each time: that has an end, too. */
static void test_five_deaths_after_long_rests(void)
{
	uint64_t now = 0;
	int i;

	fresh(0);
	(void)next(EVENT_ALLOWED, 0, 0);
	for (i = 0; i < 8; i++) { /* until its rests are the longest */
		now += 20 * SECOND;
		CHECK_INT(next(EVENT_EXITED, SIGKILL, now), ACTION_SAY_RESTING);
		now = service.deadline;
		(void)next(EVENT_TICK, 0, now);
	}
	for (i = 0; i < 5 && service.state != STATE_GAVE_UP; i++) {
		now += SECOND;
		if (next(EVENT_EXITED, SIGKILL, now) == ACTION_SAY_RESTING) {
			CHECK_INT(service.deadline - now, STATE_REST_MAX_USEC);
			now = service.deadline;
			(void)next(EVENT_TICK, 0, now);
		}
	}
	CHECK_INT(service.state, STATE_GAVE_UP);
}

/* Killed four times quickly, then once an hour: it comes back each time, and at once. */
static void test_an_hour_later(void)
{
	uint64_t now = 0;
	int i;

	fresh(0);
	(void)next(EVENT_ALLOWED, 0, 0);
	for (i = 0; i < 20; i++) {
		now += i < 4 ? SECOND : 3600 * SECOND;
		CHECK_INT(next(EVENT_EXITED, SIGSEGV, now), ACTION_SAY_RESTING);
		if (i >= 4)
			CHECK_INT(service.deadline - now, STATE_REST_MIN_USEC);
		now = service.deadline;
		CHECK_INT(next(EVENT_TICK, 0, now), ACTION_START);
	}
}

static void test_back_off(void)
{
	uint64_t now = 0;
	int i;

	fresh(0);
	(void)next(EVENT_ALLOWED, 0, 0);
	for (i = 0; i < 20; i++) {
		now += 20 * SECOND;
		(void)next(EVENT_EXITED, SIGKILL, now);
		CHECK(service.deadline - now <= STATE_REST_MAX_USEC);
		now = service.deadline;
		(void)next(EVENT_TICK, 0, now);
	}
	CHECK_INT(service.rest_usec, STATE_REST_MAX_USEC);
	/* a long life, and the rest is short again */
	now += 61 * SECOND;
	(void)next(EVENT_EXITED, SIGKILL, now);
	CHECK_INT(service.deadline - now, STATE_REST_MIN_USEC);
}

int main(void)
{
	test_start_and_ready();
	test_bounds();
	test_looks();
	test_on_purpose();
	test_final();
	test_five_deaths();
	test_five_deaths_after_long_rests();
	test_an_hour_later();
	test_back_off();
	return check_result();
}
