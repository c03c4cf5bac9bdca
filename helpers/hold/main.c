/* SPDX-License-Identifier: GPL-2.0-or-later */
/* initfs-hold: the live view over each protected directory. Options, then its steps. */
#include "config.h"

#include "hold/control.h"
#include "hold/layers.h"
#include "hold/parts.h"
#include "hold/serve.h"
#include "hold/undo.h"

#include "common/fd.h"
#include "common/file.h"
#include "common/report.h"
#include "common/survivor.h"
#include "common/timeline.h"
#include "passthrough/fusemount.h"
#include "passthrough/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct options {
	bool is_undo;
	const char *root;
};

enum { OPTION_HELP = 256, OPTION_UNDO, OPTION_VERSION };

static const struct option long_options[] = {
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "undo", no_argument, NULL, OPTION_UNDO },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

static int print_help(void)
{
	(void)puts("Usage: initfs-hold [--undo] -- ROOT\n"
		   "Show a live view over each directory that initfs-overlay has laid a RAM layer\n"
		   "over; programs that use it can be moved to the disk later.\n"
		   "\n"
		   "      --undo     detach the views again\n"
		   "      --help     print this\n"
		   "      --version  print the version\n");
	return EXIT_DONE;
}

/* Returns a negative number where main has to go on, else the exit code. */
static int options_parse(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){ 0 };
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_HELP:
			return print_help();
		case OPTION_VERSION:
			(void)puts("initfs-hold " PACKAGE_VERSION);
			return EXIT_DONE;
		case OPTION_UNDO:
			options->is_undo = true;
			break;
		default:
			return report_usage("unknown option '%s'.", argv[optind - 1]);
		}
	}
	if (argc - optind != 1)
		return report_usage("one ROOT is needed.");
	options->root = argv[optind];
	return -1;
}

static int check_directory(const char *path, const char *step, struct fault *fault)
{
	auto_close int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? fault_at(fault, -errno, step, path) : 0;
}

/* Everything that refuses: nothing has been touched yet. */
static int check(const struct layers *layers, struct fault *fault)
{
	uint64_t id;
	size_t i;
	int r;

	for (i = 0; i < layers->count; i++) {
		const struct layer *layer = &layers->list[i];

		r = check_directory(layer->directory, "show a view over", fault);
		if (r == 0)
			r = check_directory(layer->backing, "open the layer", fault);
		if (r < 0)
			return r;
		if (fusemount_id_of(layer->directory, UNDO_TYPE, &id) == 0)
			return fault_because(fault, -EBUSY, "show a view over", layer->directory,
					     "there is one already");
	}
	return 0;
}

static void mark_up(int timeline, const struct layers *layers)
{
	char dirs[TIMELINE_LINE_MAX] = "";
	size_t used = 0;
	size_t i;

	for (i = 0; i < layers->count && used < sizeof(dirs); i++)
		used += (size_t)snprintf(dirs + used, sizeof(dirs) - used, "%s%s", i ? "," : "",
					 layers->list[i].directory);
	timeline_mark(timeline, "hold.up", "dirs", dirs, NULL);
}

/* The guard's whole life, from the attached views to the last one's end. */
static int watch(struct guard *guard, int run)
{
	bool is_given_up = guard_run(guard);

	(void)unlinkat(run, CONTROL_SOCKET, 0);
	(void)unlinkat(run, "hold.pid", 0);
	file_remove_pid(run, "hold-guard.pid");
	if (!is_given_up)
		timeline_mark(guard->timeline, "hold.gone", NULL);
	return is_given_up ? EXIT_FAILED : EXIT_DONE;
}

/* Inside the real root, with nobody's terminal: shows the views, tells the hook, guards. */
static int hold(struct survivor *survivor, struct layers *layers, int run)
{
	struct guard_view views[LAYERS_MAX];
	struct guard guard = {
		.name = "hold",
		.subtype = "initfs-hold",
		.views = views,
		.count = layers->count,
		.timeline = timeline_open(run),
		.serve = serve,
		.died = parts_sweep,
		.look = parts_look,
		.data = layers,
	};
	struct fault fault = { 0 };
	size_t i;
	int r;

	for (i = 0; i < layers->count; i++)
		views[i] = (struct guard_view){ .path = layers->list[i].directory,
						.backing = layers->list[i].backing };
	r = guard_start(&guard, &fault); /* the first line that changes the machine */
	if (r < 0)
		return report(r, &fault, EXIT_FAILED);
	/* Both only help others to find us. */
	(void)file_write_pid(run, "hold-guard.pid", getpid());
	(void)survivor_omit("initfs-hold-guard");
	mark_up(guard.timeline, layers);
	survivor_verdict(survivor, EXIT_DONE);
	return watch(&guard, run);
}

/* Where the program goes on as a survivor; returns the exit code. */
static int start(struct survivor *survivor, const struct options *options, char **argv)
{
	struct layers layers = { 0 };
	struct fault fault = { 0 };
	auto_close int run = -EBADF;
	int r, code;

	survivor_harden(argv);
	r = survivor_enter(options->root, &fault);
	if (r == 0)
		r = layers_read(&layers, "/run/initfs/layers", &fault);
	if (r == 0)
		r = check(&layers, &fault);
	if (r == 0) {
		run = open("/run/initfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = run < 0 ? fault_at(&fault, -errno, "open", "/run/initfs") : 0;
	}
	code = r < 0 ? report(r, &fault, EXIT_REFUSED) : hold(survivor, &layers, run);
	layers_free(&layers);
	return code;
}

int main(int argc, char **argv)
{
	struct options options;
	struct survivor survivor;
	struct fault fault = { 0 };
	int r;

	report_name("initfs-hold");
	r = options_parse(&options, argc, argv);
	if (r >= 0)
		return r;
	/* Whatever the caller's shell has open must not stay open with us for hours (Linux 5.9). */
	(void)syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
	report_to_kernel_log();
	if (options.is_undo) {
		r = undo(options.root, &fault);
		return r < 0 ? report(r, &fault, EXIT_FAILED) : EXIT_DONE;
	}
	r = survivor_fork(&survivor);
	if (r < 0)
		return report(r, &fault, EXIT_FAILED);
	r = start(&survivor, &options, argv);
	survivor_verdict(&survivor, (enum exit_code)r); /* does nothing where it was told before */
	return r;
}
