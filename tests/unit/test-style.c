/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who steps aside says so as the distribution's own scripts would. */
#include "config.h"

#include "check.h"
#include "rcfilter/style.h"

#include <string.h>

static void test_lines(void)
{
	char text[128];

	(void)style_line(STYLE_PLAIN, "ssh stepped aside", text, sizeof(text));
	CHECK_STR(text, "ssh stepped aside");
	(void)style_line(STYLE_DEBIAN, "ssh stepped aside", text, sizeof(text));
	CHECK_STR(text, "[info] ssh stepped aside.");
	(void)style_line(STYLE_RED_HAT, "ssh stepped aside", text, sizeof(text));
	CHECK_INT(strstr(text, "[PASSED]") - text, 59);
	(void)style_line(STYLE_RED_HAT,
			 "a sentence that is longer than the column in which Red Hat has its word",
			 text, sizeof(text));
	CHECK(strstr(text, "its word [PASSED]"));
	(void)style_line(STYLE_LFS, "ssh stepped aside", text, sizeof(text));
	CHECK(strncmp(text, " *  ssh ", 8) == 0);
	CHECK_INT(strstr(text, "[ SKIP ]") - text, 71);
	(void)style_line(STYLE_SUSE, "ssh stepped aside", text, sizeof(text));
	CHECK(strstr(text, "  skipped"));
	CHECK_INT(style_line(STYLE_DEBIAN, "ssh", text, 6), 5);
	CHECK_STR(text, "[info");
}

static void test_marks(void)
{
	enum style style = STYLE_PLAIN;
	size_t i = 0;

	while (style_mark(i, &style)) {
		CHECK(style != STYLE_PLAIN && style < STYLES);
		i++;
	}
	CHECK_INT(i, STYLES - 1);
}

int main(void)
{
	test_lines();
	test_marks();
	return check_result();
}
