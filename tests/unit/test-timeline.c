/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written to the timeline is read back the same, whatever bytes a value holds. */
#include "config.h"

#include "check.h"
#include "common/timeline.h"

#include <errno.h>

static size_t format(char *line, size_t size, uint64_t usec, const char *event, ...)
{
	va_list pairs;
	size_t length;

	va_start(pairs, event);
	length = timeline_format(line, size, usec, event, pairs);
	va_end(pairs);
	return length;
}

static void test_plain(void)
{
	char line[200];
	size_t n = format(line, sizeof(line), 12345678, "overlay.up", "dirs", "/var,/tmp", NULL);

	line[n] = '\0';
	CHECK_STR(line, "12.345678 overlay.up dirs=/var,/tmp\n");
}

static void test_round_trip(void)
{
	static const char nasty[] = "a \"b\"\\ \n\x01 =c\xc3\xa4";
	struct timeline_event event;
	char line[200];
	size_t n = format(line, sizeof(line), 5, "x.y", "why", nasty, "empty", "", "n", "1", NULL);

	CHECK(line[n - 1] == '\n');
	line[n - 1] = '\0';
	CHECK(!strchr(line, '\n'));
	CHECK_INT(timeline_parse(line, &event), 0);
	CHECK_INT(event.usec, 5);
	CHECK_STR(event.event, "x.y");
	CHECK_INT(event.pairs, 3);
	CHECK_STR(timeline_value(&event, "why"), nasty);
	CHECK_STR(timeline_value(&event, "empty"), "");
	CHECK_STR(timeline_value(&event, "n"), "1");
	CHECK(!timeline_value(&event, "absent"));
}

static void test_cut(void)
{
	static const char *const values[] = { "plainbuttoolong", "a \"b\"\\ \n\x01 is too long" };
	struct timeline_event event;
	const char *value;
	char line[80];
	size_t size, i, n;

	for (i = 0; i < 2; i++) {
		for (size = 16; size <= sizeof(line); size++) {
			n = format(line, size, 1, "event", "key", values[i], "last", "x", NULL);
			CHECK(n <= size);
			CHECK(line[n - 1] == '\n');
			line[n - 1] = '\0';
			CHECK_INT(timeline_parse(line, &event), 0);
			value = timeline_value(&event, "key");
			CHECK(!value || strncmp(value, values[i], strlen(value)) == 0);
			CHECK(!timeline_value(&event, "last") || strcmp(value, values[i]) == 0);
		}
		CHECK_STR(timeline_value(&event, "last"), "x");
	}
}

static void check_bad(const char *text)
{
	struct timeline_event event;
	char line[100];

	(void)snprintf(line, sizeof(line), "%s", text);
	CHECK_INT(timeline_parse(line, &event), -EINVAL);
}

static void test_bad(void)
{
	check_bad("");
	check_bad("x");
	check_bad("1.5 e");
	check_bad("1.000000");
	check_bad("1.000000 ");
	check_bad("-1.000000 e");
	check_bad("1.000000 e novalue");
	check_bad("1.000000 e =v");
	check_bad("1.000000 e k=\"open");
	check_bad("1.000000 e k=\"a\"b");
	check_bad("1.000000 e k=\"\\");
}

int main(void)
{
	test_plain();
	test_round_trip();
	test_cut();
	test_bad();
	return check_result();
}
