/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An LSB header says to us what it says to insserv; where there is none, nothing is made up. */
#include "config.h"

#include "check.h"
#include "rcfilter/lsb.h"

static struct lsb parse(const char *text)
{
	struct lsb lsb;

	CHECK_INT(lsb_parse(text, strlen(text), &lsb), 0);
	return lsb;
}

static void test_whole(void)
{
	struct lsb lsb = parse("#!/bin/sh\n"
			       "# Provides: before the block nothing counts\n"
			       "### BEGIN INIT INFO\n"
			       "# Provides:          networking ifupdown\n"
			       "#required_start:\t$local_fs +procps,urandom;x\tlast\n"
			       "# Required-Stop:\n"
			       "# X-Debian-Should-Start: a\n"
			       "# Should-Start: second never counts\n"
			       "# X-Start-Before: $network\r\n"
			       "# x_any_STOP__AFTER: c\n"
			       "# Default-Start: 2 3\n"
			       "# Default-Stop: 0\n"
			       "# X-Interactive: true\n"
			       "# Description: two words: here \n"
			       "### END INIT INFO\n"
			       "# Provides: after\n");

	CHECK_INT(lsb.form, LSB_WHOLE);
	CHECK_INT(lsb.list[LSB_PROVIDES].count, 2);
	CHECK_STR(lsb.list[LSB_PROVIDES].word[1], "ifupdown");
	CHECK_INT(lsb.list[LSB_REQUIRED_START].count, 5);
	CHECK_STR(lsb.list[LSB_REQUIRED_START].word[1], "+procps");
	CHECK_STR(lsb.list[LSB_REQUIRED_START].word[4], "last");
	CHECK_INT(lsb.list[LSB_REQUIRED_STOP].count, 0);
	CHECK_INT(lsb.list[LSB_SHOULD_START].count, 1);
	CHECK_STR(lsb.list[LSB_SHOULD_START].word[0], "a");
	CHECK_STR(lsb.list[LSB_START_BEFORE].word[0], "$network");
	CHECK_STR(lsb.list[LSB_STOP_AFTER].word[0], "c");
	CHECK_INT(lsb.list[LSB_DEFAULT_START].count, 2);
	CHECK(lsb.interactive);
	CHECK_STR(lsb.list[LSB_DESCRIPTION].word[0], "two words: here");
	lsb_free(&lsb);
}

static void test_forms(void)
{
	struct lsb lsb = parse("#!/bin/sh\n# Provides: x\n");

	CHECK_INT(lsb.form, LSB_NONE);
	CHECK_INT(lsb.list[LSB_PROVIDES].count, 0);
	lsb_free(&lsb);
	lsb = parse("### BEGIN INIT INFO\n# Provides: x\n");
	CHECK_INT(lsb.form, LSB_UNENDED);
	lsb_free(&lsb);
	lsb = parse("### BEGIN INIT INFO\n# Provides: x\n# Required-Start: y\n### END INIT INFO");
	CHECK_INT(lsb.form, LSB_INCOMPLETE);
	CHECK_STR(lsb.list[LSB_REQUIRED_START].word[0], "y");
	lsb_free(&lsb);
	lsb = parse("");
	CHECK_INT(lsb.form, LSB_NONE);
	lsb_free(&lsb);
}

/* Keys that only look like one. */
static void test_others(void)
{
	struct lsb lsb = parse("### BEGIN INIT INFO\n"
			       "  # Provides: indented\n"
			       "Provides: no comment\n"
			       "# Short-Description: s\n"
			       "# Provides : space\n"
			       "# X-Required-Start: z\n"
			       "# X-Two words-Should-Start: z\n"
			       "# Interactive: True\n"
			       "### END INIT INFO\n");
	size_t key;

	for (key = 0; key < LSB_KEYS; key++)
		if (key != LSB_INTERACTIVE)
			CHECK(!lsb.present[key]);
	CHECK(!lsb.interactive);
	lsb_free(&lsb);
}

int main(void)
{
	test_whole();
	test_forms();
	test_others();
	return check_result();
}
