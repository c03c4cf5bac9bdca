/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record as bars: beginnings, ends, moments; what comes twice, too late, out of order or without a name. */
#include "config.h"

#include "check.h"
#include "cli/chart.h"
#include "cli/svg.h"

#include <stdlib.h>

static struct record record;
static struct chart chart;

static void read_text(const char *text)
{
	chart_free(&chart);
	record_free(&record);
	CHECK_INT(record_parse(&record, strdup(text)), 0);
	CHECK_INT(chart_make(&chart, &record), 0);
}

static const struct chart_row *row_of(const char *name)
{
	size_t i;

	for (i = 0; i < chart.count; i++)
		if (strcmp(chart.rows[i].name, name) == 0)
			return &chart.rows[i];
	CHECK(!"the row is there");
	return NULL;
}

static void check_bar(const char *name, size_t i, enum chart_kind kind, long long from,
		      long long until)
{
	const struct chart_row *row = row_of(name);

	CHECK(i < row->count);
	CHECK_INT(row->bars[i].kind, kind);
	CHECK_INT(row->bars[i].from, from);
	CHECK_INT(row->bars[i].until, until);
}

static void test_bars(void)
{
	read_text("1.000000 early.start name=x pid=10\n"
		  "2.000000 early.ready name=x\n"
		  "2.500000 early.shown name=x\n"
		  "3.000000 early.exit name=x status=signal-9\n"
		  "4.000000 early.start name=x pid=11\n"
		  "9.000000 overlay.up\n");
	CHECK_INT(chart.count, 2);
	CHECK_INT(chart.until, 9000000);
	CHECK_INT(row_of("x")->count, 5);
	check_bar("x", 0, CHART_STARTING, 1000000, 2000000);
	check_bar("x", 1, CHART_RUNNING, 2000000, 3000000);
	check_bar("x", 2, CHART_MARK, 2500000, 2500000);
	check_bar("x", 3, CHART_FAILED, 3000000, 3000000);
	/* It goes on until the record ends. */
	check_bar("x", 4, CHART_STARTING, 4000000, 9000000);
	CHECK(!row_of("x")->bars[4].end);
	check_bar("RAM", 0, CHART_RUNNING, 9000000, 9000000);
}

static void test_status(void)
{
	read_text("1.000000 rc.start name=a\n"
		  "2.000000 rc.end name=a code=0\n"
		  "1.000000 rc.start name=b\n"
		  "2.000000 rc.end name=b code=1\n"
		  "1.000000 rc.start name=c\n"
		  "2.000000 rc.end name=c code=unknown\n"
		  "1.000000 rc.aside name=d why=\"no network\"\n"
		  "3.000000 rc.back name=d\n");
	CHECK_INT(row_of("a")->count, 1);
	check_bar("a", 0, CHART_STARTING, 1000000, 2000000);
	CHECK_INT(row_of("b")->count, 2);
	check_bar("b", 1, CHART_FAILED, 2000000, 2000000);
	CHECK_INT(row_of("c")->count, 1);
	check_bar("d", 0, CHART_WAITING, 1000000, 3000000);
}

static void test_nonsense(void)
{
	read_text("nonsense\n"
		  "5.000000 merge.sealed\n"
		  "4.000000 merge.unsealed pause_us=7\n"
		  "6.000000 early.start pid=3\n"
		  "7.000000 who.knows\n"
		  "8.000000 early.exit name=z status=0\n");
	/* Older than what it ends: no bar has a negative length. */
	check_bar("merge", 0, CHART_PAUSE, 5000000, 5000000);
	CHECK_INT(row_of("other")->count, 2);
	CHECK_INT(row_of("z")->count, 0);
	read_text("");
	CHECK_INT(chart.count, 0);
}

static void test_picture(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	read_text("0.000000 early.skipped name=\"<a&b>\\x1b\" why=\"no \\\"x\\\"\"\n");
	CHECK(out);
	svg_print(out, &chart);
	CHECK_INT(fclose(out), 0);
	CHECK(strstr(text, "early: &lt;a&amp;b&gt;?</text>"));
	CHECK(strstr(text, "why=no \"x\"</title>"));
	CHECK(!strstr(text, "<a&b>"));
	CHECK(strcmp(text + size - strlen("</svg>\n"), "</svg>\n") == 0);
	free(text);
}

int main(void)
{
	test_bars();
	test_status();
	test_nonsense();
	test_picture();
	chart_free(&chart);
	record_free(&record);
	return check_result();
}
