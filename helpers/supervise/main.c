/* SPDX-License-Identifier: GPL-2.0-or-later */
/* initfs-supervise: syslog and the screen early, and again when they die. */
#include "config.h"

#include "supervise/adopt.h"
#include "supervise/loop.h"
#include "supervise/pick.h"
#include "supervise/root.h"
#include "supervise/undo.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/openat.h"
#include "common/parse.h"
#include "common/report.h"
#include "common/share.h"
#include "common/survivor.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define STATE_DIR "run/initfs"

struct options {
	bool is_undo;
	unsigned int share; /* for how many seconds the screen comes first at most; 0: not at all */
	const char *syslog;
	const char *gui;
	const char *recovery;
	const char *root;
	const char *adopt; /* a pid file */
	char **program; /* what --adopt becomes */
};

static const char help[] =
	"Usage: initfs-supervise [--syslog=auto|off|NAME] [--gui=auto|off|NAME]\n"
	"                        [--share=SECONDS] -- ROOT\n"
	"       initfs-supervise --undo -- ROOT\n"
	"       initfs-supervise --adopt=PIDFILE -- PROGRAM [ARGUMENT]...\n"
	"Start syslog and the screen of ROOT early, and again when they die.\n"
	"\n"
	"  --syslog=NAME  which syslog: auto (default), off, or the name of an early.d entry\n"
	"  --gui=NAME     which screen: likewise\n"
	"  --recovery=NAME  what is on the screen when init asks for maintenance: likewise\n"
	"  --share=SECONDS  the screen comes before all else for the processors, until it shows\n"
	"                 something, for so long at most (1 to 3600)\n"
	"  --undo         stop the running supervisor and what it started\n"
	"  --adopt=FILE   for inittab: wait for the process in FILE, then become PROGRAM\n"
	"  --help         print this and exit\n"
	"  --version      print the version and exit\n"
	"\n"
	"Exit status: 0 running (or stopped), 1 failed, 2 called wrongly, 3 refused.\n"
	"See initfs-supervise(8) and initfs-early.d(5).\n";

enum {
	OPTION_SYSLOG = 1,
	OPTION_GUI,
	OPTION_RECOVERY,
	OPTION_SHARE,
	OPTION_UNDO,
	OPTION_ADOPT,
	OPTION_HELP,
	OPTION_VERSION
};

static const struct option long_options[] = {
	{ "syslog", required_argument, NULL, OPTION_SYSLOG },
	{ "gui", required_argument, NULL, OPTION_GUI },
	{ "recovery", required_argument, NULL, OPTION_RECOVERY },
	{ "share", required_argument, NULL, OPTION_SHARE },
	{ "undo", no_argument, NULL, OPTION_UNDO },
	{ "adopt", required_argument, NULL, OPTION_ADOPT },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

/* What is left behind the options: ROOT, or the program of --adopt. */
static int operands_parse(struct options *options, int count, char **operands)
{
	options->root = operands[0];
	options->program = operands;
	if (!options->adopt && count != 1) {
		(void)report_usage("it takes one ROOT, not %d", count);
		return -EINVAL;
	}
	if (options->adopt && count < 1) {
		(void)report_usage("--adopt takes the program to become");
		return -EINVAL;
	}
	if (options->adopt && !is_clean_path(options->adopt)) {
		(void)report_usage("'%s' has to be the absolute path of a pid file",
				   options->adopt);
		return -EINVAL;
	}
	return 0;
}

/* Returns 0, 1 where --help or --version has answered, or -EINVAL after saying what is wrong. */
static int options_parse(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){ .syslog = "auto", .gui = "auto", .recovery = "auto" };
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_SYSLOG:
			options->syslog = optarg;
			break;
		case OPTION_GUI:
			options->gui = optarg;
			break;
		case OPTION_RECOVERY:
			options->recovery = optarg;
			break;
		case OPTION_SHARE:
			if (parse_seconds(optarg, SHARE_SECONDS_MAX, &options->share) < 0) {
				(void)report_usage("--share takes 1 to %d seconds, not '%s'",
						   SHARE_SECONDS_MAX, optarg);
				return -EINVAL;
			}
			break;
		case OPTION_UNDO:
			options->is_undo = true;
			break;
		case OPTION_ADOPT:
			options->adopt = optarg;
			break;
		case OPTION_HELP:
			(void)fputs(help, stdout);
			return 1;
		case OPTION_VERSION:
			(void)puts("initfs-supervise " PACKAGE_VERSION);
			return 1;
		default:
			(void)report_usage("'%s' is not an option, or lacks its value",
					   argv[optind - 1]);
			return -EINVAL;
		}
	}
	return operands_parse(options, argc - optind, argv + optind);
}

/* Opens the state directory below root; the caller owns the descriptor. */
static int open_state(const char *root, struct fault *fault)
{
	auto_close int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int state;

	if (dir < 0)
		return fault_at(fault, -errno, "open the root", root);
	state = open_in_root(dir, STATE_DIR, O_RDONLY | O_DIRECTORY, 0);
	if (state < 0)
		return fault_because(fault, state, "open the state directory", "/" STATE_DIR,
				     "initfs-overlay has to come first");
	return state;
}

static int undo(const struct options *options)
{
	struct fault fault = { 0 };
	auto_close int state = open_state(options->root, &fault);
	int r = state == -ENOENT ? 0 : state;

	if (state >= 0)
		r = undo_run(state, &fault);
	return r < 0 ? report(r, &fault, EXIT_FAILED) : EXIT_DONE;
}

static void say_conf(void *context, const char *name, unsigned int line, const char *what)
{
	if (line)
		report_line("early.d/%s.conf:%u: %s", name, line, what);
	else
		report_line("early.d/%s.conf: %s", name, what);
}

static void say_request(void *context, const char *name, const char *why)
{
	report_line("'%s': %s", name, why);
}

static void say_skipped(void *context, const char *name, const char *why)
{
	const int *timeline = context;

	report_line("%s is not started early: %s", name, why);
	timeline_mark(*timeline, "early.skipped", "name", name, "why", why, NULL);
}

/* In the child and the new root: everything up to the first program. */
static int supervise(const struct options *options, struct survivor *survivor, int state,
		     struct fault *fault)
{
	static struct root root; /* too large for a stack that is locked in memory */
	static struct watch watch;
	auto_close int timeline = timeline_open(state);
	struct picks picks;
	int r = root_read(&root, say_conf, NULL, fault);

	if (r == 0) {
		const struct request request = {
			.syslog = options->syslog,
			.gui = options->gui,
			.recovery = options->recovery,
			.default_screen = root.default_screen,
			.no_screen = root.no_screen,
			.runlevel = root.runlevel,
		};

		pick_make(root.candidates, root.count, &request, say_skipped, say_request,
			  &timeline, &picks);
		watch.timeline = timeline;
		watch_init(&watch, root.candidates, &picks, watch_now());
		r = file_write_pid(state, SUPERVISE_PID, getpid());
		if (r < 0)
			(void)fault_at(fault, r, "write", SUPERVISE_PID);
		else
			r = loop_run(&watch, options->share, survivor, fault);
		(void)unlinkat(state, SUPERVISE_PID, 0);
	}
	root_free(&root);
	return r;
}

/* Looks at what can refuse, while nothing is touched. */
static int check(const struct options *options, int state, struct fault *fault)
{
	if (faccessat(state, "layers", F_OK, 0) < 0)
		return fault_because(fault, -errno, "find", "/" STATE_DIR "/layers",
				     "initfs-overlay has to come first");
	return 0;
}

static int adopt(const struct options *options)
{
	struct fault fault = { 0 };
	int r;

	report_to_kernel_log(); /* init shows nobody what its children say */
	r = adopt_run(options->adopt, options->program, &fault);
	return r < 0 ? report(r, &fault, EXIT_FAILED) : EXIT_DONE;
}

int main(int argc, char **argv)
{
	struct options options;
	struct survivor survivor;
	struct fault fault = { 0 };
	auto_close int state = -EBADF;
	int r;

	report_name("initfs-supervise");
	r = options_parse(&options, argc, argv);
	if (r != 0)
		return r < 0 ? EXIT_USAGE : EXIT_DONE;
	if (options.is_undo)
		return undo(&options);
	if (options.adopt)
		return adopt(&options);

	survivor_begin();
	state = open_state(options.root, &fault);
	r = state < 0 ? state : check(&options, state, &fault);
	if (r < 0)
		return report(r, &fault, EXIT_REFUSED);

	report_to_kernel_log();
	r = survivor_fork(&survivor);
	if (r < 0)
		return report(fault_at(&fault, r, "fork", NULL), &fault, EXIT_FAILED);
	survivor_harden(argv);
	r = survivor_enter(options.root, &fault);
	if (r == 0)
		r = supervise(&options, &survivor, state, &fault);
	if (r < 0)
		(void)report(r, &fault, EXIT_FAILED);
	survivor_verdict(&survivor, r < 0 ? EXIT_FAILED : EXIT_DONE);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}
