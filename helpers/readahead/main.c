/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * initfs-readahead: has the disk read what a boot needs before somebody waits for it.
 *	with --record: looks what of the root is in memory, and writes the list of it;
 *	without: reads what the list says, in the background.
 */
#include "config.h"

#include "readahead/list.h"
#include "readahead/record.h"
#include "readahead/replay.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/mountfd.h"
#include "common/openat.h"
#include "common/report.h"
#include "common/survivor.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/ioprio.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>

#define STATE "/run/initfs"
#define READAHEAD_PID "readahead.pid"
#define LIST_TEMPORARY LIST_PATH ".new"
/* A line for each file of a hundred thousand. */
#define LIST_BYTES_MAX (16U << 20)

struct options {
	bool record;
	const char *root;
};

static const char help[] =
	"Usage: initfs-readahead -- ROOT\n"
	"       initfs-readahead --record -- ROOT\n"
	"Have the disk read what a boot of ROOT needs before somebody waits for it.\n"
	"\n"
	"  --record       write /" LIST_PATH ": what of ROOT is in memory now\n"
	"  --help         print this and exit\n"
	"  --version      print the version and exit\n"
	"\n"
	"Exit status: 0 reading (or recorded), 1 failed, 2 called wrongly, 3 no list, or a bad "
	"one.\n"
	"See initfs-readahead(8).\n";

enum { OPTION_RECORD = 1, OPTION_HELP, OPTION_VERSION };

static const struct option long_options[] = {
	{ "record", no_argument, NULL, OPTION_RECORD },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

/* Returns 0, 1 where --help or --version has answered, or -EINVAL after saying what is wrong. */
static int options_parse(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){ 0 };
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_RECORD:
			options->record = true;
			break;
		case OPTION_HELP:
			(void)fputs(help, stdout);
			return 1;
		case OPTION_VERSION:
			(void)puts("initfs-readahead " PACKAGE_VERSION);
			return 1;
		default:
			(void)report_usage("'%s' is not an option", argv[optind - 1]);
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

/* --- recording */

static int list_save(const struct list *list, int root, struct fault *fault)
{
	auto_close int fd = -EBADF;
	FILE *stream;
	int r = 0;

	(void)mkdirat(root, "var/lib/initfs", 0755); /* what is wrong, the open says */
	fd = open_in_root(root, LIST_TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		return fault_at(fault, fd, "make", LIST_TEMPORARY);
	stream = fdopen(dup(fd), "w");
	if (!stream)
		return fault_at(fault, -errno, "write", LIST_TEMPORARY);
	list_write(list, stream);
	if (fflush(stream) == EOF || ferror(stream) || fsync(fd) < 0)
		r = fault_at(fault, -errno, "write", LIST_TEMPORARY);
	(void)fclose(stream);
	if (r == 0 && renameat(root, LIST_TEMPORARY, root, LIST_PATH) < 0)
		r = fault_at(fault, -errno, "name", LIST_PATH);
	if (r < 0)
		(void)unlinkat(root, LIST_TEMPORARY, 0);
	return r;
}

/* missing may be NULL: then it is not spoken of. */
static void mark(int state, const char *event, uint64_t ranges, uint64_t bytes,
		 const size_t *missing)
{
	auto_close int timeline = state < 0 ? -EBADF : timeline_open(state);
	char number[3][24];

	(void)snprintf(number[0], sizeof(number[0]), "%" PRIu64, ranges);
	(void)snprintf(number[1], sizeof(number[1]), "%" PRIu64, bytes);
	(void)snprintf(number[2], sizeof(number[2]), "%zu", missing ? *missing : 0);
	timeline_mark(timeline, event, "ranges", number[0], "bytes", number[1],
		      missing ? "missing" : NULL, number[2], NULL);
}

static int record_list(int root, int disk, int state, struct fault *fault)
{
	struct list list = { 0 };
	int r = record(&list, disk, fault);

	if (r == 0)
		r = list_save(&list, root, fault);
	if (r == 0)
		mark(state, "readahead.recorded", list.count, list_bytes(&list), NULL);
	list_free(&list);
	return r < 0 ? report(r, fault, EXIT_FAILED) : EXIT_DONE;
}

/* --- reading */

static int list_load(struct list *list, int disk, struct fault *fault)
{
	auto_close int fd = open_walk(disk, LIST_PATH, O_RDONLY | O_NONBLOCK, 0);
	auto_free char *text = NULL;
	struct list_mistake mistake = { 0 };
	char why[80];
	ssize_t length;
	int r;

	if (fd < 0)
		return fault_at(fault, fd, "open", "/" LIST_PATH);
	length = file_read_fd(fd, LIST_BYTES_MAX, &text);
	if (length < 0)
		return fault_at(fault, (int)length, "read", "/" LIST_PATH);
	r = list_parse(list, text, &mistake);
	if (r != -EINVAL)
		return r < 0 ? fault_at(fault, r, "read", "/" LIST_PATH) : 0;
	(void)snprintf(why, sizeof(why), "line %zu %s", mistake.line, mistake.what);
	return fault_because(fault, r, "use", "/" LIST_PATH, why);
}

/*
 * Whoever asks for something now goes first. The kernel would take what was read away again for
 * something else that has to be in memory, so half of what is free is the most.
 */
static uint64_t be_modest(void)
{
	struct sysinfo memory = { 0 };

	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		      IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
	if (sysinfo(&memory) < 0)
		return 0;
	return (uint64_t)memory.freeram * memory.mem_unit / 2;
}

/*
 * Lives on across switch_root without entering the root, as it needs no path any more, and is nobody's loss
 * when it is killed.
 */
static int read_list(const struct list *list, int disk, int state)
{
	struct survivor survivor;
	struct replayed replayed;
	struct fault fault = { 0 };
	int r = survivor_fork(&survivor);

	if (r < 0)
		return report(fault_at(&fault, r, "fork", NULL), &fault, EXIT_FAILED);
	if (state >= 0)
		(void)file_write_pid(state, READAHEAD_PID, getpid());
	survivor_verdict(&survivor, EXIT_DONE);
	mark(state, "readahead.begin", list->count, list_bytes(list), NULL);
	replay(list, disk, be_modest(), &replayed);
	mark(state, "readahead.done", replayed.ranges, replayed.bytes, &replayed.missing);
	if (state >= 0)
		file_remove_pid(state, READAHEAD_PID);
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	auto_close int root = -EBADF;
	auto_close int disk = -EBADF;
	auto_close int state = -EBADF;
	struct options options;
	struct list list = { 0 };
	struct fault fault = { 0 };
	int r;

	report_name("initfs-readahead");
	r = options_parse(&options, argc, argv);
	if (r != 0)
		return r < 0 ? EXIT_USAGE : EXIT_DONE;
	survivor_begin();
	root = open(options.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return report(fault_at(&fault, -errno, "open the root", options.root), &fault,
			      EXIT_REFUSED);
	/* The disk itself, whatever lies over its directories, now or later. */
	disk = mountfd_clone(AT_FDCWD, options.root, 0, &fault);
	if (disk < 0)
		return report(disk, &fault, EXIT_FAILED);
	state = open(STATE,
		     O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* not there: nobody wants a record */
	if (options.record)
		return record_list(root, disk, state, &fault);
	r = list_load(&list, disk, &fault);
	if (r < 0)
		return report(r, &fault, EXIT_REFUSED);
	r = read_list(&list, disk, state);
	list_free(&list);
	return r;
}
