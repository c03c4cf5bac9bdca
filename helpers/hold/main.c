/* SPDX-License-Identifier: GPL-2.0-or-later */
/* initfs-hold: the live view over each protected directory. Options, then its steps. */
#include "config.h"

#include "hold/control.h"
#include "hold/layers.h"
#include "hold/parts.h"
#include "hold/serve.h"
#include "hold/undo.h"

#include "common/fd.h"
#include "common/parse.h"
#include "common/report.h"
#include "common/survivor.h"
#include "common/timeline.h"
#include "passthrough/fusemount.h"
#include "passthrough/life.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
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

/* That of an inner view is in the layer of the outer one: the disk's may not be mounted yet. */
static int check_place(const struct layers *layers, size_t i, struct fault *fault)
{
	const char *directory = layers->list[i].directory;
	const struct layer *outer = NULL;
	auto_free char *path = NULL;
	size_t k;

	for (k = 0; k < i; k++)
		if (is_below(directory, layers->list[k].directory))
			outer = &layers->list[k];
	if (!outer)
		return check_directory(directory, "show a view over", fault);
	if (asprintf(&path, "%s%s", outer->backing, directory + strlen(outer->directory)) < 0) {
		path = NULL;
		return fault_at(fault, -ENOMEM, "show a view over", directory);
	}
	return check_directory(path, "show a view over", fault);
}

/* Everything that refuses: nothing has been touched yet. */
static int check(const struct layers *layers, struct fault *fault)
{
	uint64_t id;
	size_t i;
	int r;

	for (i = 0; i < layers->count; i++) {
		const struct layer *layer = &layers->list[i];

		r = check_place(layers, i, fault);
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

/* As long as the guard lives. */
struct holding {
	struct served served;
	struct guard_view views[LAYERS_MAX];
	int run; /* /run/initfs; borrowed */
};

static int prepare(void *data, struct guard *guard, int *ret_state, struct fault *fault)
{
	struct holding *holding = data;
	const struct layers *layers = &holding->served.layers;
	size_t i;
	int r = layers_read(&holding->served.layers, "/run/initfs/layers", fault);

	if (r == 0)
		r = check(layers, fault);
	if (r < 0)
		return r;
	holding->served.parts = parts_make();
	if (!holding->served.parts)
		return fault_at(fault, -ENOMEM, "start", NULL);
	holding->run = open("/run/initfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (holding->run < 0)
		return fault_at(fault, -errno, "open", "/run/initfs");
	*ret_state = holding->run;
	for (i = 0; i < layers->count; i++)
		holding->views[i] = (struct guard_view){ .path = layers->list[i].directory,
							 .backing = layers->list[i].backing };
	*guard = (struct guard){
		.name = "hold",
		.subtype = "initfs-hold",
		.views = holding->views,
		.count = layers->count,
		.timeline = timeline_open(holding->run),
		.serve = serve,
		.died = parts_sweep,
		.look = parts_look,
		.data = &holding->served,
	};
	return 0;
}

static void up(void *data, const struct guard *guard)
{
	char dirs[TIMELINE_LINE_MAX] = "";
	size_t used = 0;
	size_t i;

	(void)survivor_omit("initfs-hold-guard"); /* only helps others to find us */
	for (i = 0; i < guard->count && used < sizeof(dirs); i++)
		used += (size_t)snprintf(dirs + used, sizeof(dirs) - used, "%s%s", i ? "," : "",
					 guard->views[i].path);
	timeline_mark(guard->timeline, "hold.up", "dirs", dirs, NULL);
}

static int end(void *data, const struct guard *guard, bool is_given_up)
{
	const struct holding *holding = data;

	(void)unlinkat(holding->run, CONTROL_SOCKET, 0);
	(void)unlinkat(holding->run, "hold.pid", 0);
	if (!is_given_up)
		timeline_mark(guard->timeline, "hold.gone", NULL);
	return is_given_up ? EXIT_FAILED : EXIT_DONE;
}

int main(int argc, char **argv)
{
	struct holding holding = { 0 };
	const struct life life = { "hold-guard.pid", prepare, up, end, &holding };
	struct options options;
	int r;

	report_name("initfs-hold");
	r = options_parse(&options, argc, argv);
	if (r >= 0)
		return r;
	if (options.is_undo)
		return life_undo(undo, options.root);
	r = life_run(&life, options.root, argv);
	layers_free(&holding.served.layers);
	return r;
}
