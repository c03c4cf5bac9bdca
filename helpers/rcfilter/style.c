/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a distribution's own start scripts say on the console what became of them. */
#include "config.h"

#include "rcfilter/style.h"

#include <stdio.h>

static const struct {
	const char *before;
	int column; /* where `after` stands, unless the sentence is longer */
	const char *after;
} lines[STYLES] = {
	[STYLE_PLAIN] = { "", 0, "" },
	[STYLE_DEBIAN] = { "[info] ", 0, "." },
	[STYLE_RED_HAT] = { "", 60, "[PASSED]" },
	[STYLE_LFS] = { " *  ", 72, "[ SKIP ]" },
	[STYLE_SUSE] = { "", 70, "skipped" },
};

/* OpenEmbedded has /etc/init.d/functions too, but not in rc.d. */
static const struct {
	const char *path;
	enum style style;
} marks[] = {
	{ "/etc/rc.status", STYLE_SUSE },
	{ "/etc/sysconfig/rc.site", STYLE_LFS },
	{ "/etc/rc.d/init.d/functions", STYLE_RED_HAT },
	{ "/etc/debian_version", STYLE_DEBIAN },
};

size_t style_line(enum style style, const char *sentence, char *text, size_t size)
{
	const char *before = lines[style].before;
	const char *after = lines[style].after;
	int n = snprintf(text, size, "%s%s", before, sentence);
	int gap = lines[style].column > n + 1 ? lines[style].column - n - 1 : 1;

	if (!lines[style].column)
		gap = 0;
	n = snprintf(text, size, "%s%s%*s%s", before, sentence, gap, "", after);
	if (n < 0)
		return 0;
	return (size_t)n < size ? (size_t)n : size - 1;
}

const char *style_mark(size_t i, enum style *ret_style)
{
	if (i >= sizeof(marks) / sizeof(marks[0]))
		return NULL;
	*ret_style = marks[i].style;
	return marks[i].path;
}
