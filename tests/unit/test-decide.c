/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A start runs unless a reason speaks against it, and no hold outlives its bound. */
#include "config.h"

#include "check.h"
#include "rcfilter/decide.h"
#include "rcfilter/resolve.h"

#include <stdio.h>

enum { BASE, NET, WEB, APP, SOFT, SCREEN, CHECKROOT, COUNT };

static struct catalog catalog;

static void add(const char *name, const char *required, const char *should)
{
	struct catalog_text script = { .name = name };
	char text[512];

	script.size = (size_t)snprintf(text, sizeof(text),
				       "### BEGIN INIT INFO\n# Provides: %s\n"
				       "# Required-Start: %s\n# Should-Start: %s\n"
				       "### END INIT INFO\n",
				       name, required, should);
	script.text = text;
	CHECK_INT(catalog_add(&catalog, &script), 0);
}

static void make(void)
{
	add("base", "", "");
	add("net", "$network base", "");
	add("web", "net", "");
	add("app", "web", "");
	add("soft", "", "web");
	add("lightdm", "base", "");
	add("checkroot.sh", "", "");
	CHECK_INT(resolve_edges(&catalog, false), 0);
}

static struct decision ask(const struct record *records, size_t service, const struct facts *facts)
{
	return decide_start(&catalog, records, service, facts);
}

static void test_network(void)
{
	struct record records[COUNT] = { { 0 } };
	struct facts facts = { .now = 10 };
	struct decision d = ask(records, NET, &facts);
	size_t order[COUNT];

	CHECK_INT(d.verdict, VERDICT_ASIDE);
	CHECK_INT(d.why, WHY_NETWORK);
	record_aside(&records[NET], &d, facts.now);
	d = ask(records, WEB, &facts);
	CHECK_INT(d.verdict, VERDICT_ASIDE);
	CHECK_INT(d.why, WHY_ASIDE);
	CHECK_INT(d.culprit, NET);
	record_aside(&records[WEB], &d, facts.now);
	d = ask(records, APP, &facts);
	CHECK_INT(d.culprit, WEB);
	record_aside(&records[APP], &d, facts.now);
	CHECK_INT(ask(records, SOFT, &facts).verdict, VERDICT_RUN);
	CHECK_INT(ask(records, BASE, &facts).verdict, VERDICT_RUN);
	CHECK_INT(ask(records, CATALOG_NONE, &facts).verdict, VERDICT_RUN);

	CHECK(decide_waits_for_network(&catalog, records));
	CHECK_INT(decide_late(&catalog, records, &facts, order), 0);
	facts.network = true;
	CHECK_INT(decide_late(&catalog, records, &facts, order), 3);
	CHECK_INT(order[0], NET);
	CHECK_INT(order[1], WEB);
	CHECK_INT(order[2], APP);
	CHECK_INT(ask(records, NET, &facts).verdict, VERDICT_RUN);
	record_begin(&records[NET], 7, 20);
	CHECK(records[NET].back);
	CHECK(!decide_waits_for_network(&catalog, records));
}

static void test_failure(void)
{
	struct record records[COUNT] = { { 0 } };
	struct facts facts = { .now = 10, .network = true };
	struct decision d;
	size_t order[COUNT];
	static const int harmless[] = { 0, 5, 6, RESULT_UNKNOWN };
	static const int harmful[] = { 1, 2, 3, 4, 7, 8, 255, -9 };
	size_t i;

	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		record_begin(&records[NET], 7, 1);
		record_end(&records[NET], harmless[i], 2);
		CHECK_INT(records[NET].pid, 0);
		CHECK_INT(ask(records, WEB, &facts).verdict, VERDICT_RUN);
	}
	for (i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
		record_begin(&records[NET], 7, 1);
		record_end(&records[NET], harmful[i], 2);
		d = ask(records, WEB, &facts);
		CHECK_INT(d.verdict, VERDICT_ASIDE);
		CHECK_INT(d.why, WHY_FAILED);
		CHECK_INT(d.culprit, NET);
	}
	record_aside(&records[WEB], &d, 3);
	CHECK_INT(decide_late(&catalog, records, &facts, order), 0); /* it is still failed */
	record_begin(&records[NET], 8, 4);
	record_end(&records[NET], 0, 5);
	CHECK_INT(decide_late(&catalog, records, &facts, order), 1);
	CHECK_INT(order[0], WEB);
}

/* Beside a screen that comes first nothing waits but the check of the disk, whoever the runner is. */
static void test_check(void)
{
	struct record records[COUNT] = { { 0 } };
	struct facts facts = { .now = 100 * SECOND,
			       .screen_pending = true,
			       .screen_shares = true,
			       .pace_gui = true,
			       .hold_check = 50 * SECOND,
			       .held_all = HOLD_ALL };
	struct decision d = ask(records, CHECKROOT, &facts);

	CHECK_INT(d.verdict, VERDICT_HOLD);
	CHECK_INT(d.why, WHY_CHECK);
	CHECK(d.until == facts.now + 50 * SECOND);
	record_hold(&records[CHECKROOT], &d, facts.now);
	facts.parallel = true;
	CHECK(ask(records, CHECKROOT, &facts).until == d.until);
	CHECK_INT(ask(records, SOFT, &facts).verdict, VERDICT_RUN);
	facts.screen_shares = false;
	CHECK_INT(ask(records, CHECKROOT, &facts).verdict, VERDICT_RUN);
	facts.screen_shares = true;
	facts.now = d.until;
	CHECK_INT(ask(records, CHECKROOT, &facts).verdict, VERDICT_RUN);
}

static void test_pace(void)
{
	struct record records[COUNT] = { { 0 } };
	bool needs[COUNT] = { false };
	struct facts facts = { .now = 100 * SECOND,
			       .parallel = true,
			       .screen_pending = true,
			       .pace_gui = true,
			       .screen_needs = needs };
	struct decision d;

	decide_screen_needs(&catalog, needs);
	CHECK(needs[BASE] && needs[SCREEN] && !needs[SOFT]);
	CHECK_INT(ask(records, BASE, &facts).verdict, VERDICT_RUN);
	d = ask(records, SOFT, &facts);
	CHECK_INT(d.verdict, VERDICT_HOLD);
	CHECK_INT(d.why, WHY_SCREEN);
	CHECK(d.until == facts.now + HOLD_ONE);
	record_hold(&records[SOFT], &d, facts.now);

	facts.now += SECOND; /* asked again: the bound stays */
	CHECK(ask(records, SOFT, &facts).until == d.until);
	facts.now = d.until;
	CHECK_INT(ask(records, SOFT, &facts).verdict, VERDICT_RUN);
	record_begin(&records[SOFT], 3, facts.now);
	CHECK(records[SOFT].held == HOLD_ONE);
	CHECK(!records[SOFT].back);

	records[SOFT] = (struct record){ 0 };
	facts.held_all = HOLD_ALL;
	CHECK_INT(ask(records, SOFT, &facts).verdict, VERDICT_RUN);
	facts.held_all = 0;
	facts.parallel = false;
	CHECK_INT(ask(records, SOFT, &facts).verdict, VERDICT_RUN);
	facts.parallel = true;
	facts.screen_pending = false;
	CHECK_INT(ask(records, SOFT, &facts).verdict, VERDICT_RUN);
	facts.pace_io = true;
	facts.io_percent = IO_BUSY;
	CHECK_INT(ask(records, SOFT, &facts).why, WHY_DISK);
	facts.io_percent = IO_BUSY - 1;
	CHECK_INT(ask(records, SOFT, &facts).verdict, VERDICT_RUN);
}

static void test_words(void)
{
	struct record records[COUNT] = { { 0 } };
	struct decision d = { VERDICT_ASIDE, WHY_NETWORK, CATALOG_NONE, 0 };
	char text[256];

	(void)explain(&catalog, records, NET, text, sizeof(text));
	CHECK_STR(text, "net was not asked to start");
	record_aside(&records[NET], &d, 1);
	(void)explain(&catalog, records, NET, text, sizeof(text));
	CHECK_STR(text, "net stepped aside: it requires $network, and no interface has a carrier"
			" and an address");
	CHECK_INT(explain(&catalog, records, NET, text, 8), 7);
	record_begin(&records[NET], 1, 2);
	record_end(&records[NET], -9, 3);
	(void)explain(&catalog, records, NET, text, sizeof(text));
	CHECK_STR(text, "net has failed after it had stepped aside: its script died of signal 9");
	CHECK_STR(state_name(records[NET].state), "failed");
}

static void test_again(void)
{
	CHECK(!decide_again(0, 100));
	CHECK(!decide_again(0, READ_AHEAD));
	CHECK(decide_again(0, READ_AHEAD + 1));
	CHECK(decide_again(1, 100));
	CHECK(decide_again(-9, 100));
	CHECK(decide_again(RESULT_UNKNOWN, 100));
}

static bool leave_at(struct making *making, struct network network, uint64_t seconds)
{
	return decide_leave(making, &network, seconds * SECOND, 30 * SECOND);
}

static void test_leave(void)
{
	const struct network nothing = { 0 };
	const struct network up = { .is_up = true };
	const struct network dark = { .is_dark = true };
	const struct network coming = { .is_coming = true };
	const struct network both = { .is_coming = true, .is_dark = true };
	const struct network one_is_up = { .is_up = true, .is_dark = true };
	struct making making = { .begun = 10 * SECOND };

	/* Who has not brought anything up yet is at work. */
	CHECK(!leave_at(&making, nothing, 500));
	CHECK(!leave_at(&making, up, 500));
	CHECK(!leave_at(&making, dark, 501));
	CHECK(!leave_at(&making, dark, 505));
	CHECK(leave_at(&making, dark, 506));
	/* A cable that comes in between begins it anew. */
	making = (struct making){ .begun = 10 * SECOND };
	CHECK(!leave_at(&making, dark, 11));
	CHECK(!leave_at(&making, both, 15));
	CHECK(!leave_at(&making, dark, 16));
	CHECK(!leave_at(&making, one_is_up, 20));
	CHECK(leave_at(&making, one_is_up, 21));
	/* A server of addresses that does not answer. */
	making = (struct making){ .begun = 10 * SECOND };
	CHECK(!leave_at(&making, coming, 39));
	CHECK(leave_at(&making, coming, 40));
	/* No patience is still enough for a cable to be seen. */
	CHECK(!decide_leave(&making, &coming, 14 * SECOND, 0));
	CHECK(decide_leave(&making, &coming, 15 * SECOND, 0));
}

/* startpar counts a held script as one that runs: too many of them would keep it from going on. */
static void test_crowd(void)
{
	struct record records[COUNT] = { { 0 } };
	struct facts facts = { .now = SECOND, .parallel = true, .pace_io = true, .io_percent = 99 };
	struct decision d = ask(records, BASE, &facts);

	CHECK_INT(d.verdict, VERDICT_HOLD);
	CHECK_INT(d.why, WHY_DISK);
	record_hold(&records[BASE], &d, facts.now);
	d = ask(records, SOFT, &facts);
	CHECK_INT(d.verdict, VERDICT_HOLD);
	record_hold(&records[SOFT], &d, facts.now);
	CHECK_INT(ask(records, SCREEN, &facts).verdict, VERDICT_RUN);
	CHECK_INT(ask(records, SOFT, &facts).verdict, VERDICT_HOLD); /* it has its place */
	facts.parallel = false;
	CHECK_INT(ask(records, SOFT, &facts).verdict, VERDICT_RUN);
}

static void test_held_words(void)
{
	struct record records[COUNT] = { { 0 } };
	char text[128];

	record_begin(&records[BASE], 7, SECOND);
	record_end(&records[BASE], 0, SECOND);
	records[BASE].held = 1250 * MSEC;
	(void)explain(&catalog, records, BASE, text, sizeof(text));
	CHECK_STR(text, "base was started; it was held for 1.250 s");
	CHECK_INT(explain(&catalog, records, BASE, text, 10), 9);
	CHECK_STR(text, "base was ");
}

int main(void)
{
	make();
	test_network();
	test_failure();
	test_pace();
	test_check();
	test_words();
	test_again();
	test_leave();
	test_crowd();
	test_held_words();
	catalog_free(&catalog);
	return check_result();
}
