/* SPDX-License-Identifier: GPL-2.0-or-later */
/* initfs timeline: the record of the boot, for people. */
#include "config.h"

#include "cli/command.h"
#include "cli/print.h"
#include "cli/record.h"
#include "common/report.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
	"Usage: initfs timeline [--raw] [FILE]\n"
	"Print the record of this boot, or the one in FILE: seconds since the kernel began,\n"
	"seconds since the line before, the event, and what is known about it.\n"
	"\n"
	"  --raw      print the lines as they are\n"
	"  --help     print this and exit\n";

enum { OPTION_RAW = 1, OPTION_HELP };

static const struct option long_options[] = {
	{ "raw", no_argument, NULL, OPTION_RAW },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ 0 },
};

static int longest_event(const struct record *record)
{
	size_t longest = 0;
	size_t i;

	for (i = 0; i < record->count; i++)
		if (record->lines[i].is_event && strlen(record->lines[i].event.event) > longest)
			longest = strlen(record->lines[i].event.event);
	return (int)longest;
}

static void print_event(const struct timeline_event *event, uint64_t before, int width)
{
	uint64_t usec = event->usec;
	uint64_t step = usec > before ? usec - before : 0;
	size_t i;

	(void)printf("%6" PRIu64 ".%03" PRIu64 "  +%3" PRIu64 ".%03" PRIu64 "  %-*s",
		     usec / 1000000, usec / 1000 % 1000, step / 1000000, step / 1000 % 1000,
		     event->pairs ? width : 0, event->event);
	for (i = 0; i < event->pairs; i++) {
		(void)printf("  %s=", event->pair[i].key);
		print_text(event->pair[i].value);
	}
	(void)putchar('\n');
}

static void print_aligned(const struct record *record)
{
	int width = longest_event(record);
	uint64_t before = record->count ? record->lines[0].event.usec : 0;
	size_t i;

	for (i = 0; i < record->count; i++) {
		const struct record_line *line = &record->lines[i];

		if (line->is_event) {
			print_event(&line->event, before, width);
			before = line->event.usec;
		} else {
			(void)printf("     ?                 ");
			print_text(line->event.event);
			(void)putchar('\n');
		}
	}
}

static int print_raw(const char *path, struct fault *fault)
{
	FILE *file = fopen(path, "re");
	char bytes[4096];
	size_t n;

	if (!file)
		return fault_at(fault, -errno, "read the timeline", path);
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		(void)fwrite(bytes, 1, n, stdout);
	n = ferror(file) ? 1 : 0;
	(void)fclose(file);
	return n ? fault_at(fault, -EIO, "read the timeline", path) : 0;
}

static int print_timeline(const char *path, bool is_raw, struct fault *fault)
{
	struct record record = { 0 };
	int r = is_raw ? print_raw(path, fault) : record_read(&record, path, fault);

	if (r == 0 && !is_raw)
		print_aligned(&record);
	record_free(&record);
	return r;
}

int command_timeline(int argc, char **argv)
{
	const char *path = STATE_DIR "/" TIMELINE_FILE;
	struct fault fault = { 0 };
	bool is_raw = false;
	int option;
	int r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option == OPTION_HELP) {
			(void)fputs(help, stdout);
			return EXIT_DONE;
		}
		if (option != OPTION_RAW)
			return report_usage("'%s' is not an option of timeline", argv[optind - 1]);
		is_raw = true;
	}
	if (argc - optind > 1)
		return report_usage("timeline takes one FILE, not %d", argc - optind);
	if (optind < argc)
		path = argv[optind];

	r = print_timeline(path, is_raw, &fault);
	if (r == -ENOENT && optind == argc) {
		(void)puts("stock boot: initfs took no part in it");
		return EXIT_DONE;
	}
	return r < 0 ? report(r, &fault, EXIT_FAILED) : EXIT_DONE;
}
