/* SPDX-License-Identifier: GPL-2.0-or-later */
/* initfs-overlay: RAM layers over directories of a read-only root. */
#include "config.h"

#include "overlay/apply.h"
#include "overlay/facts.h"
#include "overlay/plan.h"
#include "common/fd.h"
#include "common/parse.h"
#include "common/report.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NAME "initfs-overlay"
#define DEFAULT_SIZE "50%"

static const char help[] =
	"Usage: " NAME " [--own] [--size=SIZE] [--] ROOT DIR...\n"
	"       " NAME " --unclean [--] ROOT DIR...\n"
	"       " NAME " --undo [--] ROOT\n"
	"Lay a writable RAM layer over each directory DIR of the read-only root ROOT.\n"
	"\n"
	"      --own        a DIR may have a file system of its own in ROOT's fstab\n"
	"      --size=SIZE  size of the RAM layer in tmpfs's syntax (default " DEFAULT_SIZE ")\n"
	"      --missing    print what each DIR's own file system is on, if that is not there\n"
	"      --unclean    print each DIR whose own file system has to be checked first\n"
	"      --undo       take the layers and their memory away again\n"
	"      --help       print this and exit\n"
	"      --version    print the version and exit\n";

static const struct option long_options[] = {
	{ "missing", no_argument, NULL, 'm' },	  { "own", no_argument, NULL, 'o' },
	{ "size", required_argument, NULL, 's' }, { "unclean", no_argument, NULL, 'c' },
	{ "undo", no_argument, NULL, 'u' },	  { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },	  { 0 },
};

/* The operands: ROOT DIR…, or ROOT alone with --undo. */
static int operands_parse(struct options *options, int count, char **operands)
{
	if (count < 1)
		return report_usage("no ROOT given");
	options->root = operands[0];
	if (options->undo)
		return count == 1 ? 0 : report_usage("--undo takes ROOT alone");
	if (count < 2)
		return report_usage("no DIR given");
	if (count - 1 > DIRS_MAX)
		return report_usage("more than %d directories", DIRS_MAX);
	for (int i = 1; i < count; i++) {
		/* The list of layers is lines with a tab in them. */
		if (!is_clean_path(operands[i]) || strpbrk(operands[i], "\t\n"))
			return report_usage("not a clean absolute path: '%s'", operands[i]);
		options->dir[options->count++] = operands[i];
	}
	return 0;
}

/* Returns 0 to go on, else what to end with, EXIT_DONE as -1. */
static int options_parse(struct options *options, int argc, char **argv)
{
	struct parsed_size size;
	int c;

	while ((c = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			options->unclean = options->own = true;
			break;
		case 'm':
			options->missing = options->own = true;
			break;
		case 'o':
			options->own = true;
			break;
		case 's':
			if (parse_size(optarg, &size) < 0)
				return report_usage("not a size: '%s' (like 50%%, 512m, 2g)",
						    optarg);
			options->size = optarg;
			break;
		case 'u':
			options->undo = true;
			break;
		case 'h':
			(void)fputs(help, stdout);
			return -1;
		case 'V':
			(void)printf(NAME " %s\n", PACKAGE_VERSION);
			return -1;
		case ':':
			return report_usage("'%s' needs a value", argv[optind - 1]);
		default:
			return report_usage("unknown option '%s'", argv[optind - 1]);
		}
	}
	return operands_parse(options, argc - optind, argv + optind);
}

static void mark_up(const struct plan *plan, int run)
{
	auto_close int state = openat(run, "initfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int timeline = state < 0 ? -EBADF : timeline_open(state);
	char dirs[PATH_MAX] = "";
	size_t i, used = 0;

	for (i = 0; i < plan->count && used < sizeof(dirs); i++)
		used += (size_t)snprintf(dirs + used, sizeof(dirs) - used, "%s%s", i ? "," : "",
					 plan->layer[i].path);
	timeline_mark(timeline, "overlay.up", "dirs", dirs, "size", plan->size, NULL);
}

static int undo(const struct options *options)
{
	auto_facts struct facts facts = FACTS_NONE;
	struct fault fault = { 0 };
	int r;

	r = facts_open(&facts, options->root, &fault);
	if (r < 0)
		return report(r, &fault, EXIT_REFUSED);
	if (facts.run < 0 || !facts.is_run_in_ram)
		return EXIT_DONE; /* we build nowhere else */
	r = apply_undo(facts.run, &fault);
	if (r < 0)
		return report(r, &fault, EXIT_HALFWAY);
	return EXIT_DONE;
}

/* A device that init opens later, or that is slow. */
static bool is_missing(const struct own *own)
{
	return own->source &&
	       (own->error == -ENODEV || own->error == -ENOENT || own->error == -ENXIO);
}

/* For the hook, which opens what is missing, and has checked what is unclean, by the root's own programs. */
static int say_own(const struct options *options)
{
	auto_facts struct facts facts = FACTS_NONE;
	struct fault fault = { 0 };
	size_t i;
	int r = facts_gather(&facts, options, &fault);

	if (r < 0 || facts.root_error)
		return report(r < 0 ? r : facts.root_error, &fault, EXIT_REFUSED);
	for (i = 0; i < options->count; i++) {
		const struct own *own = &facts.dir[i].own;

		if (own->is_noauto)
			continue;
		if (options->missing && is_missing(own))
			(void)puts(own->source);
		if (options->unclean && own->unclean)
			(void)puts(options->dir[i]);
	}
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int build(const struct options *options)
{
	auto_facts struct facts facts = FACTS_NONE;
	struct fault fault = { 0 };
	struct fault undo_fault = { 0 };
	struct plan plan;
	int r;

	r = facts_gather(&facts, options, &fault);
	if (r < 0)
		return report(r, &fault, EXIT_REFUSED);
	r = plan_make(&plan, options, &facts, &fault); /* looks, touches nothing */
	if (r < 0)
		return report(r, &fault, EXIT_REFUSED);

	r = apply_plan(&plan, facts.run, &fault); /* the first line that changes the machine */
	if (r == 0) {
		mark_up(&plan, facts.run);
		return EXIT_DONE;
	}
	(void)report(r, &fault, EXIT_FAILED);
	r = apply_undo(facts.run, &undo_fault);
	return r < 0 ? report(r, &undo_fault, EXIT_HALFWAY) : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct options options = { .size = DEFAULT_SIZE };
	int r;

	report_name(NAME);
	r = options_parse(&options, argc, argv);
	if (r != 0)
		return r < 0 ? EXIT_DONE : r;
	(void)umask(022); /* the modes of our directories are ours to say */
	if (options.missing || options.unclean)
		return say_own(&options);
	return options.undo ? undo(&options) : build(&options);
}
