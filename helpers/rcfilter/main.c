/* SPDX-License-Identifier: GPL-2.0-or-later */
/* initfs-rcfilter: start scripts that step aside and come back. Options, then its steps. */
#include "config.h"

#include "rcfilter/filter.h"
#include "rcfilter/keeper.h"
#include "rcfilter/mourn.h"
#include "rcfilter/serve.h"
#include "rcfilter/undo.h"
#include "common/parse.h"
#include "common/report.h"
#include "common/share.h"
#include "common/timeline.h"
#include "passthrough/life.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NET_WAIT 30
#define NET_WAIT_MAX 3600
#define SCREEN_WAIT 30

/* Not there: a guard that gives up detaches the view, which shows the directory itself. */
#define NO_BACKING STATE_PATH "/none"

struct arguments {
	struct options options;
	bool is_undo;
	const char *root;
};

enum { OPTION_HELP = 256, OPTION_NET, OPTION_PACE, OPTION_SCREEN, OPTION_UNDO, OPTION_VERSION };

static const struct option long_options[] = {
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "net", required_argument, NULL, OPTION_NET },
	{ "pace", required_argument, NULL, OPTION_PACE },
	{ "screen", required_argument, NULL, OPTION_SCREEN },
	{ "undo", no_argument, NULL, OPTION_UNDO },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

static int print_help(void)
{
	(void)puts("Usage: initfs-rcfilter [--net=SECONDS[,route]] [--pace=off|gui|io|gui,io]\n"
		   "                       [--screen=SECONDS] -- ROOT\n"
		   "       initfs-rcfilter --undo -- ROOT\n"
		   "Let start scripts of ROOT step aside while they cannot work, and come back.\n"
		   "\n"
		   "      --net=SECONDS[,route]\n"
		   "                     how long the late slot waits for a network that is coming "
		   "(30);\n"
		   "                     with route, only a default route makes it one\n"
		   "      --pace=WHAT    what holds other starts for a moment: gui (default), io, "
		   "off\n"
		   "      --screen=SECONDS\n"
		   "                     how long the check of the disk waits for a screen that "
		   "comes\n"
		   "                     first (30)\n"
		   "      --undo         take the views away again\n"
		   "      --help         print this\n"
		   "      --version      print the version\n");
	return EXIT_DONE;
}

static int parse_pace(const char *text, struct options *options)
{
	bool gui = strcmp(text, "gui") == 0 || strcmp(text, "gui,io") == 0 ||
		   strcmp(text, "io,gui") == 0;
	bool io = strcmp(text, "io") == 0 || (gui && strcmp(text, "gui") != 0);

	if (!gui && !io && strcmp(text, "off") != 0)
		return -EINVAL;
	options->pace_gui = gui;
	options->pace_io = io;
	return 0;
}

/* SECONDS[,route] */
static int parse_net(const char *text, struct options *options)
{
	static const char route[] = ",route";
	const char *comma = strchrnul(text, ',');
	char number[16];
	uint64_t seconds;
	int n = snprintf(number, sizeof(number), "%.*s", (int)(comma - text), text);

	if (n < 0 || (size_t)n >= sizeof(number) || (*comma && strcmp(comma, route) != 0) ||
	    parse_number(number, NET_WAIT_MAX, &seconds) < 0)
		return -EINVAL;
	options->net_wait = (unsigned int)seconds;
	options->net_route = *comma;
	return 0;
}

/* Returns a negative number where main has to go on, else the exit code. */
static int arguments_parse(struct arguments *arguments, int argc, char **argv)
{
	int option;

	*arguments = (struct arguments){
		.options = { .net_wait = NET_WAIT, .pace_gui = true, .screen_wait = SCREEN_WAIT }
	};
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_HELP:
			return print_help();
		case OPTION_VERSION:
			(void)puts("initfs-rcfilter " PACKAGE_VERSION);
			return EXIT_DONE;
		case OPTION_NET:
			if (parse_net(optarg, &arguments->options) < 0)
				return report_usage("--net takes 0 to %d seconds, then perhaps "
						    "',route', not '%s'.",
						    NET_WAIT_MAX, optarg);
			break;
		case OPTION_PACE:
			if (parse_pace(optarg, &arguments->options) < 0)
				return report_usage(
					"--pace takes off, gui, io or gui,io, not '%s'.", optarg);
			break;
		case OPTION_SCREEN:
			if (parse_seconds(optarg, SHARE_SECONDS_MAX,
					  &arguments->options.screen_wait) < 0)
				return report_usage("--screen takes 1 to %d seconds, not '%s'.",
						    SHARE_SECONDS_MAX, optarg);
			break;
		case OPTION_UNDO:
			arguments->is_undo = true;
			break;
		default:
			return report_usage("unknown option '%s'.", argv[optind - 1]);
		}
	}
	if (argc - optind != 1)
		return report_usage("one ROOT is needed.");
	arguments->root = argv[optind];
	return -1;
}

/* The state directory; the hook has put /run into ROOT by now. */
static int open_state(struct fault *fault)
{
	int fd;

	if (mkdir(STATE_PATH, 0755) < 0 && errno != EEXIST)
		return fault_at(fault, -errno, "make the directory", STATE_PATH);
	fd = open(STATE_PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? fault_at(fault, -errno, "open", STATE_PATH) : fd;
}

/* As long as the guard lives. */
struct filtering {
	struct filter filter;
	struct guard_view views[PLACES_MAX];
};

/* Everything that refuses: nothing has been mounted yet. */
static int load(struct filter *filter, struct fault *fault)
{
	int r;

	if (access("/proc/self/fd", X_OK) < 0)
		return fault_because(fault, -errno, "look into", "/proc",
				     "it has to be mounted in ROOT");
	if (undo_is_needed())
		return fault_because(fault, -EBUSY, "show views over", "/etc/init.d",
				     "there are some already");
	r = scripts_load(&filter->scripts, fault);
	if (r < 0)
		return r;
	filter->board = board_make();
	if (!filter->board)
		return fault_at(fault, -ENOMEM, "map memory", NULL);
	filter->state = open_state(fault);
	if (filter->state < 0)
		return filter->state;
	filter->timeline = timeline_open(filter->state);
	return 0;
}

static int prepare(void *data, struct guard *guard, int *ret_state, struct fault *fault)
{
	struct filtering *filtering = data;
	struct filter *filter = &filtering->filter;
	size_t i;
	int r = load(filter, fault);

	if (r < 0)
		return r;
	*ret_state = filter->state;
	for (i = 0; i < filter->scripts.places; i++)
		filtering->views[i] = (struct guard_view){ .path = filter->scripts.place[i].path,
							   .backing = NO_BACKING };
	*guard = (struct guard){
		.name = "rc",
		.subtype = RCFILTER_SUBTYPE,
		.views = filtering->views,
		.count = filter->scripts.places,
		.timeline = filter->timeline,
		.serve = serve,
		.data = filter,
		.mourn = mourn,
		.look = keeper_look,
	};
	return 0;
}

static void up(void *data, const struct guard *guard)
{
	const struct filtering *filtering = data;
	char services[16];
	char views[16];

	(void)snprintf(services, sizeof(services), "%zu", filtering->filter.scripts.catalog.count);
	(void)snprintf(views, sizeof(views), "%zu", guard->count);
	timeline_mark(guard->timeline, "rc.up", "views", views, "scripts", services, NULL);
}

static int end(void *data, const struct guard *guard, bool is_given_up)
{
	struct filtering *filtering = data;
	struct filter *filter = &filtering->filter;
	bool is_kept = keeper_wait(guard);

	filter_end(filter, !is_kept && (filter->board->over || is_given_up));
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	struct filtering filtering = { .filter.state = -EBADF };
	const struct life life = { "rcfilter.pid", prepare, up, end, &filtering };
	struct arguments arguments;
	int r;

	report_name("initfs-rcfilter");
	r = arguments_parse(&arguments, argc, argv);
	if (r >= 0)
		return r;
	if (arguments.is_undo)
		return life_undo(undo, arguments.root);
	filtering.filter.options = arguments.options;
	r = life_run(&life, arguments.root, argv);
	scripts_free(&filtering.filter.scripts);
	return r;
}
