/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * initfs merge: asks the process that waits to merge, and waits for its answer. Where none waits any
 * more, another one is started first, so that it is tried again later if it fails now.
 */
#include "config.h"

#include "cli/command.h"
#include "cli/print.h"
#include "common/fd.h"
#include "common/packet.h"
#include "common/report.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET_NAME "merge.sock"
#define DAEMON "initfs-merge"

static const char help[] =
	"Usage: initfs merge [--now | --repaired]\n"
	"Take what is in RAM to the disk, under the programs that use it. Says how it went.\n"
	"\n"
	"  --now      do not wait for what /etc/fstab wants mounted\n"
	"  --repaired the root was repaired (fsck) under its read-only mount: take it there past\n"
	"             that mount. Reboot when it is done\n"
	"  --help     print this and exit\n"
	"\n"
	"Exit status: 0 everything is on the disk, 1 failed, 2 called wrongly, 3 refused,\n"
	"4 stopped half way (only --repaired: call it again). After 1 and 3 programs go on in\n"
	"RAM, and but for --repaired it is tried again by itself.\n";

/* Returns the child's exit status, or -errno. */
static int wait_for(pid_t child)
{
	int status;

	if (child < 0)
		return -errno;
	if (waitpid(child, &status, 0) < 0)
		return -errno;
	if (!WIFEXITED(status))
		return -ECHILD;
	if (WEXITSTATUS(status) == 127)
		return -ENOENT;
	return WEXITSTATUS(status);
}

/* Ends when the new process waits: for us, or it could be done before we are there to ask. */
static int start_daemon(void)
{
	pid_t child = fork();

	if (child == 0) {
		execlp(DAEMON, DAEMON, "--wait", "--manual", "--", "/", (char *)NULL);
		_exit(127);
	}
	return wait_for(child);
}

static int load_loop(void)
{
	pid_t child = fork();

	if (child == 0) {
		execlp("modprobe", "modprobe", "-q", "loop", (char *)NULL);
		_exit(127);
	}
	return wait_for(child);
}

/* Returns the connection, or -errno where a line has been printed, with the exit code. */
static int reach(int state, int *ret_code)
{
	struct fault fault = { 0 };
	int fd = packet_connect(state, SOCKET_NAME);
	int r;

	if (fd != -ENOENT && fd != -ECONNREFUSED) {
		if (fd < 0)
			*ret_code = report(fault_at(&fault, fd, "reach", STATE_DIR "/" SOCKET_NAME),
					   &fault, EXIT_FAILED);
		return fd;
	}
	r = start_daemon();
	if (r < 0)
		*ret_code = report(fault_at(&fault, r, "start", DAEMON), &fault, EXIT_FAILED);
	else if (r > 0)
		*ret_code = r; /* it has said why */
	if (r != 0)
		return -ECHILD;
	fd = packet_connect(state, SOCKET_NAME);
	if (fd < 0)
		*ret_code = report(fault_at(&fault, fd, "reach", STATE_DIR "/" SOCKET_NAME), &fault,
				   EXIT_FAILED);
	return fd;
}

static bool has_layers(int state)
{
	return faccessat(state, "layers", F_OK, 0) == 0;
}

static int nothing_to_do(void)
{
	(void)puts("nothing is in RAM");
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* "done TEXT", "refused TEXT", "failed TEXT" */
static int understand(const char *answer)
{
	static const struct {
		const char *word;
		enum exit_code code;
	} words[] = { { "done ", EXIT_DONE },
		      { "refused ", EXIT_REFUSED },
		      { "failed ", EXIT_FAILED } };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t length = strlen(words[i].word);

		if (strncmp(answer, words[i].word, length) != 0)
			continue;
		if (words[i].code != EXIT_DONE) {
			report_line("not merged: %s", answer + length);
			return words[i].code;
		}
		print_text(answer + length);
		(void)putchar('\n');
		return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
	}
	report_line("the merge answers '%s'", answer);
	return EXIT_FAILED;
}

static int ask(int state, bool is_now)
{
	char answer[PACKET_MAX];
	auto_close int passed = -EBADF;
	int code = EXIT_FAILED;
	auto_close int peer = reach(state, &code);
	struct fault fault = { 0 };
	int r;

	if (peer < 0)
		return code;
	r = packet_send(peer, is_now ? "merge now" : "merge", -EBADF);
	if (r == 0)
		r = packet_receive(peer, answer, &passed); /* takes as long as the merge */
	if (r > 0)
		return understand(answer);
	/* It may have been done, and have ended, while we were connecting. */
	if (!has_layers(state))
		return nothing_to_do();
	return report(fault_at(&fault, r < 0 ? r : -EPIPE, "get an answer of", DAEMON), &fault,
		      EXIT_FAILED);
}

/* Its lines are ours, and so is its exit status. */
static int become_repaired(void)
{
	struct fault fault = { 0 };

	if (access("/dev/loop-control", F_OK) < 0)
		(void)load_loop(); /* a module that is not there is missed by the merge, aloud */
	execlp(DAEMON, DAEMON, "--repaired", "--", "/", (char *)NULL);
	return report(fault_at(&fault, -errno, "start", DAEMON), &fault, EXIT_FAILED);
}

int command_merge(int argc, char **argv)
{
	static const struct option options[] = {
		{ "now", no_argument, NULL, 'n' },
		{ "repaired", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	auto_close int state = -EBADF;
	bool is_now = false, is_repaired = false;
	int code;

	opterr = 0;
	while ((code = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (code == 'h') {
			(void)fputs(help, stdout);
			return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
		}
		if (code == '?')
			return report_usage("there is no option '%s'", argv[optind - 1]);
		is_now |= code == 'n';
		is_repaired |= code == 'r';
	}
	if (is_now && is_repaired)
		return report_usage("--now and --repaired exclude each other");
	if (optind < argc)
		return report_usage("what is '%s' for?", argv[optind]);
	state = open(STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (state < 0 || !has_layers(state))
		return nothing_to_do();
	if (geteuid() != 0) {
		report_line("only root can merge");
		return EXIT_REFUSED;
	}
	return is_repaired ? become_repaired() : ask(state, is_now);
}
