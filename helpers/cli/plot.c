/* SPDX-License-Identifier: GPL-2.0-or-later */
/* initfs plot: the record of the boot as a picture. */
#include "config.h"

#include "cli/chart.h"
#include "cli/command.h"
#include "cli/svg.h"
#include "common/report.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

static const char help[] =
	"Usage: initfs plot [FILE] >PICTURE.svg\n"
	"Draw the record of this boot, or the one in FILE: a picture (SVG) on standard output.\n"
	"\n"
	"  --help     print this and exit\n";

enum { OPTION_HELP = 1 };

static const struct option long_options[] = {
	{ "help", no_argument, NULL, OPTION_HELP },
	{ 0 },
};

static int plot(const char *path, struct fault *fault)
{
	struct record record = { 0 };
	struct chart chart = { 0 };
	int r = record_read(&record, path, fault);

	if (r == 0 && chart_make(&chart, &record) < 0)
		r = fault_at(fault, -ENOMEM, "draw the timeline", path);
	/* Half a picture or an empty one would look like an answer. */
	if (r == 0 && !chart.count)
		r = fault_because(fault, -EINVAL, "draw the timeline", path, "it has no event");
	if (r == 0)
		svg_print(stdout, &chart);
	if (r == 0 && fflush(stdout) != 0)
		r = fault_at(fault, -errno, "write the picture", NULL);
	chart_free(&chart);
	record_free(&record);
	return r;
}

int command_plot(int argc, char **argv)
{
	const char *path = STATE_DIR "/" TIMELINE_FILE;
	struct fault fault = { 0 };
	int option;
	int r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option != OPTION_HELP)
			return report_usage("'%s' is not an option of plot", argv[optind - 1]);
		(void)fputs(help, stdout);
		return EXIT_DONE;
	}
	if (argc - optind > 1)
		return report_usage("plot takes one FILE, not %d", argc - optind);
	if (optind < argc)
		path = argv[optind];

	r = plot(path, &fault);
	if (r == -ENOENT && optind == argc) {
		fault = (struct fault){ 0 };
		r = fault_because(&fault, -ENOENT, "draw the timeline", path,
				  "stock boot: initfs took no part in it");
	}
	return r < 0 ? report(r, &fault, EXIT_FAILED) : EXIT_DONE;
}
