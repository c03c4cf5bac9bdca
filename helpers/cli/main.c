/* SPDX-License-Identifier: GPL-2.0-or-later */
/* initfs: what a person types. */
#include "config.h"

#include "cli/command.h"
#include "common/report.h"

#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "status", command_status, "where /var is, who still holds it, what was started early" },
	{ "timeline", command_timeline, "the record of this boot" },
	{ "plot", command_plot, "the same as a picture" },
	{ "merge", command_merge, "take what is in RAM to the disk" },
	{ "services", command_services, "the start scripts: which ran, which stepped aside" },
	{ "explain", command_explain, "why a start script is where it is" },
	{ "rc", command_rc, "'rc off': let every start script run from now on" },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	unsigned int i;

	(void)puts("Usage: initfs COMMAND [OPTION...]\n"
		   "Tell how a boot with rd.initfs went, and where it is.\n");
	for (i = 0; i < COMMANDS; i++)
		(void)printf("  %-10s  %s\n", commands[i].name, commands[i].summary);
	(void)puts(
		"\n'initfs COMMAND --help' tells more. Exit status: 0 answered or done, 1 failed,\n"
		"2 called wrongly, 3 refused. See initfs(8).");
}

int main(int argc, char **argv)
{
	unsigned int i;

	report_name("initfs");
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		print_help();
		return EXIT_DONE;
	}
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		(void)puts("initfs " PACKAGE_VERSION);
		return EXIT_DONE;
	}
	for (i = 0; argc > 1 && i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (argc > 1)
		return report_usage("'%s' is not a command", argv[1]);
	return report_usage("it takes a command");
}
