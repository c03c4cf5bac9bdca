/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * initfs-keep: keeps the log of a boot whose disk allows nothing.
 *	1. what an earlier boot has left in the reserve is put back below /var/log, which is RAM;
 *	2. while the root is read-only, what this boot writes there is kept in the reserve, each second;
 *	3. when the RAM layer has gone to the disk, the reserve is emptied.
 */
#include "config.h"

#include "keep/collect.h"
#include "keep/reserve.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/mountfd.h"
#include "common/openat.h"
#include "common/parse.h"
#include "common/report.h"
#include "common/survivor.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define STATE "/run/initfs"
#define KEEP_PID "keep.pid"
/* A reboot that nobody asks us about loses no more than this. */
#define LOOK_MSEC 1000

struct options {
	uint64_t make; /* bytes; 0: not asked for */
	const char *root;
};

struct keep {
	int state;
	int timeline;
	int disk; /* the root's own file system, without the views that lie over it */
	int lower; /* its /var/log */
	char upper_path[64]; /* the RAM layer's; not kept open, or the layer could not go */
	struct reserve reserve;
	struct pack pack; /* memory for a half */
};

static const char help[] =
	"Usage: initfs-keep -- ROOT\n"
	"       initfs-keep --make=SIZE -- ROOT\n"
	"Keep the log of a boot of ROOT that ends before its disk can be written.\n"
	"\n"
	"  --make=SIZE    make the reserve, /" RESERVE_PATH ", and end (64k to 64m)\n"
	"  --help         print this and exit\n"
	"  --version      print the version and exit\n"
	"\n"
	"Exit status: 0 running (or made), 1 failed, 2 called wrongly, 3 refused.\n"
	"See initfs-keep(8).\n";

enum { OPTION_MAKE = 1, OPTION_HELP, OPTION_VERSION };

static const struct option long_options[] = {
	{ "make", required_argument, NULL, OPTION_MAKE },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

/* Returns 0, 1 where --help or --version has answered, or -EINVAL after saying what is wrong. */
static int options_parse(struct options *options, int argc, char **argv)
{
	struct parsed_size size;
	int option;

	*options = (struct options){ 0 };
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_MAKE:
			if (parse_size(optarg, &size) < 0 || size.is_percent) {
				(void)report_usage("'%s' is no size like 1m", optarg);
				return -EINVAL;
			}
			options->make = size.value;
			break;
		case OPTION_HELP:
			(void)fputs(help, stdout);
			return 1;
		case OPTION_VERSION:
			(void)puts("initfs-keep " PACKAGE_VERSION);
			return 1;
		default:
			(void)report_usage("'%s' is not an option, or lacks its value",
					   argv[optind - 1]);
			return -EINVAL;
		}
	}
	if (argc - optind != 1) {
		(void)report_usage("it takes one ROOT, not %d", argc - optind);
		return -EINVAL;
	}
	options->root = argv[optind];
	return 0;
}

static int make(const struct options *options)
{
	auto_close int root = open(options->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct fault fault = { 0 };
	int r = root < 0 ? fault_at(&fault, -errno, "open the root", options->root) : 0;

	if (r == 0) {
		(void)mkdirat(root, "var/lib/initfs", 0755); /* what is wrong, the open says */
		r = reserve_make(root, RESERVE_PATH, options->make, &fault);
	}
	if (r == -EEXIST || r == -ERANGE)
		return report(r, &fault, EXIT_REFUSED);
	return r < 0 ? report(r, &fault, EXIT_FAILED) : EXIT_DONE;
}

/* Finds the layer over /var/log; its upper directory is ours to read, below /run/initfs/ram. */
static int find_layer(struct keep *keep, struct fault *fault)
{
	auto_free char *text = NULL;
	ssize_t length = file_read(keep->state, "layers", 65536, &text);
	char *line;
	char *rest;

	if (length < 0)
		return fault_at(fault, (int)length, "read", STATE "/layers");
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *dir = strchr(line, '\t');

		if (!dir)
			continue;
		*dir++ = '\0';
		unescape_octal(
			dir); /* a TAB behind it: a file system of its own, which is not /var */
		if (strcmp(dir, "/var") != 0 && strcmp(dir, "/var/log") != 0)
			continue;
		(void)snprintf(keep->upper_path, sizeof(keep->upper_path),
			       STATE "/ram/%.8s/upper%s", line, dir[4] ? "" : "/log");
		return 0;
	}
	return fault_because(fault, -ENOENT, "find the layer over", "/var/log",
			     "it is not protected, or has a file system of its own");
}

/* In the new root. After this everything that may refuse has been asked. */
static int keep_open(struct keep *keep, struct fault *fault)
{
	int r = find_layer(keep, fault);

	if (r < 0)
		return r;
	keep->disk = mountfd_clone(AT_FDCWD, "/", 0, fault);
	if (keep->disk < 0)
		return keep->disk;
	keep->lower = open_walk(keep->disk, "var/log", O_RDONLY | O_DIRECTORY, 0);
	if (keep->lower < 0)
		return fault_at(fault, keep->lower, "open the disk's", "/var/log");
	return reserve_open(&keep->reserve, keep->disk, RESERVE_PATH, fault);
}

/* What an earlier boot has left. One file that cannot be put back does not stop the others. */
static void put_back(struct keep *keep)
{
	struct fault fault = { 0 };
	struct pack_file file;
	const char *bytes;
	size_t offset = 0;
	char count[24];
	unsigned int files = 0;
	auto_close int log = open("/var/log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = reserve_load(&keep->reserve, &keep->pack, &fault);

	if (r == 0 && log < 0)
		r = fault_at(&fault, -errno, "open", "/var/log");
	if (r < 0) {
		(void)report(r, &fault, EXIT_FAILED);
		return;
	}
	while ((bytes = pack_next(&keep->pack, &offset, &file))) {
		r = collect_put_back(log, &file, bytes, &fault);
		if (r < 0)
			(void)report(r, &fault, EXIT_FAILED);
		files += r == 0;
	}
	if (!files)
		return;
	(void)snprintf(count, sizeof(count), "%u", files);
	timeline_mark(keep->timeline, "keep.restored", "files", count, NULL);
	report_note("the log of a boot that could not write to its disk is back, in %s files",
		    count);
}

/* --- while the root is read-only */

/* Once it is writable its blocks may become somebody else's: from then on nothing is kept. */
static bool is_read_only(void)
{
	struct statvfs fs;

	return statvfs("/", &fs) == 0 && fs.f_flag & ST_RDONLY;
}

/* Returns 0, or -errno: the device does not take it, and will not the next time either. */
static int save(struct keep *keep, struct fault *fault)
{
	auto_close int upper = -EBADF;
	int r;

	if (!is_read_only())
		return 0;
	upper = open(keep->upper_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (upper < 0)
		return 0; /* nobody has written anything there yet */
	r = collect(upper, keep->lower, &keep->pack, fault);
	return r < 0 ? r : reserve_save(&keep->reserve, &keep->pack, fault);
}

static bool has_layers(const struct keep *keep)
{
	return faccessat(keep->state, "layers", F_OK, 0) == 0;
}

/* The RAM layer is on the disk: what is kept is of no use any more. */
static int forget(struct keep *keep, struct fault *fault)
{
	auto_close int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return fault_at(fault, -errno, "open", "/");
	return reserve_clear(&keep->reserve, root, RESERVE_PATH, fault);
}

static void let_go(struct keep *keep)
{
	fd_close(&keep->lower);
	fd_close(&keep->disk);
}

static int keep_run(struct keep *keep, struct fault *fault)
{
	auto_close int signals = -EBADF;
	sigset_t watched;
	int r = 0;

	(void)sigemptyset(&watched);
	(void)sigaddset(&watched, SIGTERM);
	(void)sigaddset(&watched, SIGINT);
	if (sigprocmask(SIG_BLOCK, &watched, NULL) < 0)
		return fault_at(fault, -errno, "block signals", NULL);
	signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return fault_at(fault, -errno, "watch for signals", NULL);
	while (r == 0 && has_layers(keep)) {
		struct pollfd poll_for = { .fd = signals, .events = POLLIN };

		r = save(keep, fault);
		if (r == 0 && poll(&poll_for, 1, LOOK_MSEC) > 0) {
			r = save(keep, fault);
			return r; /* the machine goes down, or the boot goes on without us */
		}
	}
	let_go(keep);
	return r < 0 ? r : forget(keep, fault);
}

static int keep(const struct options *options, int state, char **argv)
{
	struct keep keep = { .state = state,
			     .timeline = timeline_open(state),
			     .disk = -EBADF,
			     .lower = -EBADF,
			     .reserve = { .device = -EBADF } };
	struct survivor survivor;
	struct fault fault = { 0 };
	int r = survivor_fork(&survivor);

	if (r < 0)
		return report(fault_at(&fault, r, "fork", NULL), &fault, EXIT_FAILED);
	survivor_harden(argv);
	r = survivor_enter(options->root, &fault);
	if (r == 0)
		r = keep_open(&keep, &fault);
	if (r == 0) {
		put_back(&keep);
		r = file_write_pid(state, KEEP_PID, getpid());
		survivor_verdict(&survivor, EXIT_DONE);
		r = keep.pack.data ? keep_run(&keep, &fault) : r;
		file_remove_pid(state, KEEP_PID);
	}
	if (r < 0)
		(void)report(r, &fault, EXIT_FAILED);
	survivor_verdict(&survivor, r < 0 ? EXIT_FAILED : EXIT_DONE);
	let_go(&keep);
	free(keep.pack.data);
	reserve_close(&keep.reserve);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

int main(int argc, char **argv)
{
	struct options options;
	struct fault fault = { 0 };
	auto_close int root = -EBADF;
	auto_close int state = -EBADF;
	int r;

	report_name("initfs-keep");
	r = options_parse(&options, argc, argv);
	if (r != 0)
		return r < 0 ? EXIT_USAGE : EXIT_DONE;
	if (options.make)
		return make(&options);

	survivor_begin();
	root = open(options.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return report(fault_at(&fault, -errno, "open the root", options.root), &fault,
			      EXIT_REFUSED);
	state = open_in_root(root, STATE, O_RDONLY | O_DIRECTORY, 0);
	if (state < 0)
		return report(fault_because(&fault, state, "open the state directory", STATE,
					    "initfs-overlay has to come first"),
			      &fault, EXIT_REFUSED);
	fd_close(&root);
	report_to_kernel_log();
	return keep(&options, state, argv);
}
