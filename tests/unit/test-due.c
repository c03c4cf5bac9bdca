/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A merge is tried when it can help, and not when nobody wants it. */
#include "config.h"

#include "check.h"
#include "merge/due.h"
#include "merge/request.h"

#include <errno.h>

#define IS_DUE(...) due_now(&(struct due){ __VA_ARGS__ })

static void test_ready(void)
{
	CHECK(IS_DUE(.wake = WAKE_READY));
	CHECK(!IS_DUE(.wake = WAKE_SOON));
	CHECK(IS_DUE(.wake = WAKE_SOON, .is_late = true));
	CHECK(IS_DUE(.wake = WAKE_SOON, .is_asked = true));
	CHECK(IS_DUE(.wake = WAKE_SOON, .is_near_full = true));
	CHECK(IS_DUE(.wake = WAKE_SOON, .is_going_down = true));
	CHECK(!IS_DUE(.wake = WAKE_NOT_YET, .is_late = true, .is_asked = true, .is_near_full = true,
		      .is_going_down = true));
	CHECK(IS_DUE(.wake = WAKE_NOT_YET, .is_forced = true, .is_asked = true));
}

static void test_manual(void)
{
	CHECK(!IS_DUE(.is_manual = true, .wake = WAKE_READY, .is_late = true,
		      .is_near_full = true));
	CHECK(IS_DUE(.is_manual = true, .wake = WAKE_READY, .is_asked = true));
	CHECK(IS_DUE(.is_manual = true, .wake = WAKE_SOON, .is_asked = true));
	CHECK(!IS_DUE(.is_manual = true, .wake = WAKE_NOT_YET, .is_asked = true));
	CHECK(IS_DUE(.is_manual = true, .wake = WAKE_READY, .is_going_down = true));
}

static void test_blocked(void)
{
	CHECK(!IS_DUE(.is_blocked = true, .wake = WAKE_READY));
	CHECK(!IS_DUE(.is_blocked = true, .wake = WAKE_READY, .is_going_down = true));
}

static void test_pause(void)
{
	struct due due = { 0 };
	unsigned int pause = DUE_FIRST_PAUSE;
	int i;

	CHECK_INT(due_next_pause(&due, pause), 4);
	for (i = 0; i < 20; i++)
		pause = due_next_pause(&due, pause);
	CHECK_INT(pause, 300);
	due.is_going_down = true;
	CHECK_INT(due_next_pause(&due, pause), 2);
	CHECK_INT(due_next_pause(&due, DUE_FIRST_PAUSE), 2);
}

static void test_full(void)
{
	CHECK(!due_is_near_full(0, 0));
	CHECK(!due_is_near_full(100, 21));
	CHECK(due_is_near_full(100, 20));
	CHECK(due_is_near_full(100, 0));
}

static void test_requests(void)
{
	bool is_now = true;

	CHECK_INT(request_parse("merge", &is_now), 0);
	CHECK(!is_now);
	CHECK_INT(request_parse("merge now", &is_now), 0);
	CHECK(is_now);
	CHECK_INT(request_parse("", &is_now), -EINVAL);
	CHECK_INT(request_parse("merge now ", &is_now), -EINVAL);
	CHECK_INT(request_parse("merges", &is_now), -EINVAL);
}

int main(void)
{
	test_ready();
	test_manual();
	test_blocked();
	test_pause();
	test_full();
	test_requests();
	return check_result();
}
