/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A chart of a boot as a picture. */
#include "config.h"

#include "cli/svg.h"
#include "common/parse.h"

#include <inttypes.h>
#include <string.h>

/* In pixels. */
enum { LABELS = 190, WIDTH = 1000, MARGIN = 20, ROW = 18, BAR = 12, HEAD = 70 };

#define LINES_MAX 14
#define USEC 1000000

static const struct {
	const char *class;
	const char *colour;
	const char *legend;
} kinds[CHART_KINDS] = {
	[CHART_STARTING] = { "starting", "#e8a33d", "at work" },
	[CHART_RUNNING] = { "running", "#5b8fc7", "there" },
	[CHART_WAITING] = { "waiting", "#c9c9c9", "held or aside" },
	[CHART_PAUSE] = { "pause", "#8e3fa8", "programs wait" },
	[CHART_FAILED] = { "failed", "#c62f2f", "failed" },
	[CHART_MARK] = { "mark", "#303030", "a moment" },
};

/* Names and values come from the machine: markup is told apart, and bytes that may be no text. */
static void print_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '&')
			(void)fputs("&amp;", out);
		else if (byte == '<')
			(void)fputs("&lt;", out);
		else if (byte == '>')
			(void)fputs("&gt;", out);
		else
			(void)fputc(byte < ' ' || byte > '~' ? '?' : byte, out);
	}
}

static void print_event(FILE *out, const struct timeline_event *event)
{
	size_t i;

	(void)fprintf(out, "%" PRIu64 ".%03" PRIu64 " s ", event->usec / USEC,
		      event->usec / 1000 % 1000);
	print_escaped(out, event->event);
	for (i = 0; i < event->pairs; i++) {
		(void)fputc(' ', out);
		print_escaped(out, event->pair[i].key);
		(void)fputc('=', out);
		print_escaped(out, event->pair[i].value);
	}
}

static double x_of(const struct chart *chart, uint64_t usec)
{
	if (!chart->until)
		return LABELS;
	return LABELS + (double)usec / (double)chart->until * WIDTH;
}

/* A step of the grid that people count in, so wide that the lines can be told apart. */
static uint64_t step_of(const struct chart *chart)
{
	static const unsigned int steps[] = { 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800 };
	uint64_t seconds = chart->until / USEC;
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (seconds / steps[i] <= LINES_MAX)
			return steps[i];
	return seconds / LINES_MAX;
}

static void print_grid(FILE *out, const struct chart *chart, unsigned int bottom)
{
	uint64_t step = step_of(chart);
	uint64_t i;

	for (i = 0; i <= LINES_MAX && i * step * USEC <= chart->until; i++) {
		double x = x_of(chart, i * step * USEC);

		(void)fprintf(out,
			      "<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%u\"/>"
			      "<text x=\"%.1f\" y=\"%d\">%" PRIu64 " s</text>\n",
			      x, HEAD - 10, x, bottom, x + 2, HEAD - 12, i * step);
	}
}

static void print_legend(FILE *out)
{
	unsigned int i;

	for (i = 0; i < CHART_KINDS; i++)
		(void)fprintf(out,
			      "<rect class=\"%s\" x=\"%u\" y=\"30\" width=\"12\" height=\"%d\"/>"
			      "<text x=\"%u\" y=\"40\">%s</text>\n",
			      kinds[i].class, LABELS + i * 120, BAR, LABELS + 16 + i * 120,
			      kinds[i].legend);
}

static void print_bar(FILE *out, const struct chart *chart, const struct chart_bar *bar,
		      unsigned int y)
{
	bool is_moment = bar->kind == CHART_MARK || bar->kind == CHART_FAILED;
	double from = x_of(chart, bar->from);
	double width = is_moment ? 2 : x_of(chart, bar->until) - from;

	(void)fprintf(out,
		      "<rect class=\"%s\" x=\"%.1f\" y=\"%u\" width=\"%.1f\" height=\"%d\"><title>",
		      kinds[bar->kind].class, from, y, width < 1 ? 1 : width, BAR);
	print_event(out, bar->event);
	if (bar->end) {
		(void)fputs(" &#x2013; ", out);
		print_event(out, bar->end);
	}
	(void)fputs("</title></rect>\n", out);
}

/* The pause began with the request, a little before its line. */
static uint64_t pause_of(const struct chart_bar *bar)
{
	const char *measured = bar->end ? timeline_value(bar->end, "pause_us") : NULL;
	uint64_t usec;

	if (measured && parse_number(measured, UINT64_MAX, &usec) == 0)
		return usec;
	return bar->until - bar->from;
}

/* What everybody asks for, and too narrow to be measured on the picture. */
static void print_pause(FILE *out, const struct chart *chart, const struct chart_bar *bar,
			unsigned int y)
{
	uint64_t usec = pause_of(bar);

	(void)fprintf(out,
		      "<text x=\"%.1f\" y=\"%u\" text-anchor=\"end\">%" PRIu64 ".%" PRIu64
		      " ms</text>\n",
		      x_of(chart, bar->from) - 4, y + BAR - 2, usec / 1000, usec / 100 % 10);
}

/* Bars first: a moment in one of them is as narrow as a hair. */
static void print_row(FILE *out, const struct chart *chart, const struct chart_row *row,
		      unsigned int y)
{
	size_t i;

	(void)fprintf(out, "<text x=\"%d\" y=\"%u\">", MARGIN, y + BAR - 2);
	print_escaped(out, row->group);
	(void)fputs(": ", out);
	print_escaped(out, row->name);
	(void)fputs("</text>\n", out);
	for (i = 0; i < row->count; i++)
		if (row->bars[i].kind != CHART_MARK && row->bars[i].kind != CHART_FAILED)
			print_bar(out, chart, &row->bars[i], y);
	for (i = 0; i < row->count; i++)
		if (row->bars[i].kind == CHART_PAUSE)
			print_pause(out, chart, &row->bars[i], y);
	for (i = 0; i < row->count; i++)
		if (row->bars[i].kind == CHART_MARK || row->bars[i].kind == CHART_FAILED)
			print_bar(out, chart, &row->bars[i], y);
}

static void print_head(FILE *out, unsigned int height)
{
	unsigned int i;

	(void)fprintf(out,
		      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"%d\""
		      " height=\"%u\">\n<style>\n"
		      "text { font: 11px sans-serif; fill: #202020; }\n"
		      ".grid { stroke: #e0e0e0; }\n",
		      LABELS + WIDTH + 2 * MARGIN, height);
	for (i = 0; i < CHART_KINDS; i++)
		(void)fprintf(out, ".%s { fill: %s; }\n", kinds[i].class, kinds[i].colour);
	(void)fputs("</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n", out);
}

void svg_print(FILE *out, const struct chart *chart)
{
	unsigned int bottom = HEAD + (unsigned int)chart->count * ROW;
	size_t i;

	print_head(out, bottom + MARGIN);
	(void)fprintf(out,
		      "<text x=\"%d\" y=\"20\">A boot with initfs: %" PRIu64 ".%03" PRIu64
		      " seconds from the kernel's start to the last line of its record</text>\n",
		      MARGIN, chart->until / USEC, chart->until / 1000 % 1000);
	print_legend(out);
	print_grid(out, chart, bottom);
	for (i = 0; i < chart->count; i++)
		print_row(out, chart, &chart->rows[i], HEAD + (unsigned int)i * ROW);
	(void)fputs("</svg>\n", out);
}
