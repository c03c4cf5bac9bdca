/* SPDX-License-Identifier: GPL-2.0-or-later */
/* initfs services, explain, rc off: asks initfs-rcfilter over its control socket. */
#include "config.h"

#include "cli/command.h"
#include "cli/print.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/packet.h"
#include "common/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SOCKET "rcfilter.sock"
#define PID_FILE "rcfilter.pid" /* there as long as somebody listens or is going to */

/* Of one that has ended: what its socket would say. */
#define LAST_LINES "rcfilter.services"
#define LAST_LINES_MAX (4 << 20)
#define PATIENCE 2 /* seconds; it answers at once or is dead */

/*
 * When rc has ended, who serves the views hands the socket over to who waits for the network: for a
 * moment nobody listens, and who has asked just before is hung up on. So often we look again.
 */
#define HANDOVER_TRIES 100
#define HANDOVER_MSEC 20

enum field { NAME, STATE, CODE, ASKED, BEGUN, ENDED, HELD, BACK, SENTENCE, FIELDS };
static const char *const keys[FIELDS] = { "name",  "state", "code", "asked",   "begun",
					  "ended", "held",  "back", "sentence" };

static void pause_for_handover(void)
{
	static const struct timespec tick = { .tv_nsec = HANDOVER_MSEC * 1000000L };

	(void)nanosleep(&tick, NULL);
}

static bool is_nobody(int r)
{
	return r == -ENOENT || r == -ECONNREFUSED;
}

/* A connection, also where the one who listens is about to be another; or -errno. */
static int connect_patiently(void)
{
	auto_close int dir = open(STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = dir < 0 ? -errno : packet_connect(dir, SOCKET);
	int left;

	for (left = HANDOVER_TRIES; dir >= 0 && is_nobody(fd) && left; left--) {
		if (faccessat(dir, PID_FILE, F_OK, 0) < 0)
			break;
		pause_for_handover();
		fd = packet_connect(dir, SOCKET);
	}
	return fd;
}

static int open_socket(struct fault *fault)
{
	static const struct timeval patience = { .tv_sec = PATIENCE };
	auto_close int fd = connect_patiently();

	if (is_nobody(fd))
		return fault_because(fault, fd, "ask", "initfs-rcfilter",
				     "it is not running: nothing is filtered, and nothing waits");
	if (fd < 0)
		return fault_at(fault, fd, "ask", "initfs-rcfilter");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return fault_at(fault, -errno, "ask", "initfs-rcfilter");
	return take_fd(&fd);
}

/* An answer "ok…" into answer[PACKET_MAX]; what stands behind "error N " goes into the fault. */
static int ask(int fd, const char *request, char *answer, struct fault *fault)
{
	int passed = -EBADF;
	int r = packet_send(fd, request, -1);

	if (r == 0)
		r = packet_receive(fd, answer, &passed);
	fd_close(&passed);
	if (r <= 0)
		return fault_at(fault, r < 0 ? r : -EPIPE, "get an answer of", "initfs-rcfilter");
	if (strncmp(answer, "ok", 2) == 0)
		return 0;
	return fault_because(fault, -ENOENT, "ask initfs-rcfilter for", request, answer);
}

/* Cuts a line at its tabs; false where it is not one of ours. */
static bool cut_line(char *line, char *field[FIELDS])
{
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		field[i] = strsep(&line, "\t");
		if (!field[i])
			return false;
	}
	return true;
}

static void print_row(char *field[FIELDS])
{
	print_text(field[NAME]);
	printf("%*s", (int)(strlen(field[NAME]) < 24 ? 24 - strlen(field[NAME]) : 1), "");
	printf("%-9s %9s %9s %6s %-5s ", field[STATE], field[BEGUN], field[ENDED], field[HELD],
	       field[BACK]);
	print_text(field[SENTENCE]);
	(void)putchar('\n');
}

static void print_head(void)
{
	printf("%-24s%-9s %9s %9s %6s %-5s %s\n", "NAME", "STATE", "BEGUN", "ENDED", "HELD", "BACK",
	       "WHY");
}

static void print_string(const char *text)
{
	(void)putchar('"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == 0x7f)
			printf("\\u%04x", c);
		else if (c == '"' || c == '\\')
			printf("\\%c", c);
		else
			(void)putchar(c);
	}
	(void)putchar('"');
}

static void print_object(char *field[FIELDS], bool is_first)
{
	size_t i;

	(void)fputs(is_first ? "\n" : ",\n", stdout);
	for (i = 0; i < FIELDS; i++) {
		printf("%s\"%s\": ", i ? ", " : " {", keys[i]);
		if (i == BACK)
			(void)fputs(strcmp(field[i], "back") == 0 ? "true" : "false", stdout);
		else if (strcmp(field[i], "-") == 0)
			(void)fputs("null", stdout);
		else if (i >= CODE && i <= HELD)
			(void)fputs(field[i], stdout); /* a number */
		else
			print_string(field[i]);
	}
	(void)putchar('}');
}

static void print_lines(char *lines, bool is_json)
{
	bool is_first = true;
	char *line;

	if (!is_json)
		print_head();
	while ((line = strsep(&lines, "\n"))) {
		char *field[FIELDS];

		if (!cut_line(line, field))
			continue; /* the end of the last line */
		if (is_json)
			print_object(field, is_first);
		else
			print_row(field);
		is_first = false;
	}
}

/* All lines, asked for packet by packet; *ret_lines is the caller's. */
static int ask_lines(int fd, char **ret_lines, struct fault *fault)
{
	char answer[PACKET_MAX];
	char request[32] = "services";
	auto_free char *lines = strdup("");
	unsigned int next;

	do {
		int r = ask(fd, request, answer, fault);
		const char *body = r < 0 ? NULL : strchr(answer, '\n');
		char *grown = NULL;

		if (r < 0)
			return r;
		if (!body || sscanf(answer, "ok next=%u", &next) != 1)
			return fault_at(fault, -EPROTO, "read the answer of", "initfs-rcfilter");
		if (!lines || asprintf(&grown, "%s%s", lines, body + 1) < 0)
			return fault_at(fault, -ENOMEM, "read the answer of", "initfs-rcfilter");
		free(lines);
		lines = grown;
		(void)snprintf(request, sizeof(request), "services %u", next);
	} while (next);
	*ret_lines = take_pointer(lines);
	return 0;
}

/* All lines, by a connection of their own. 0 or -errno; is_nobody() knows that of nobody. */
static int get_lines_once(char **ret_lines, struct fault *fault)
{
	auto_close int fd = open_socket(fault);

	return fd < 0 ? fd : ask_lines(fd, ret_lines, fault);
}

/* What the filter says, or has said last. */
static int get_lines(char **ret_lines, struct fault *fault)
{
	auto_close int dir = -EBADF;
	int left = HANDOVER_TRIES;
	int r = get_lines_once(ret_lines, fault);

	for (; (r == -ECONNRESET || r == -EPIPE) && left; left--) {
		pause_for_handover();
		*fault = (struct fault){ 0 };
		r = get_lines_once(ret_lines, fault);
	}
	if (!is_nobody(r))
		return r;
	dir = open(STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return file_read(dir, LAST_LINES, LAST_LINES_MAX, ret_lines) < 0 ? r : 0;
}

int command_services(int argc, char **argv)
{
	struct fault fault = { 0 };
	auto_free char *lines = NULL;
	bool is_json = argc == 2 && strcmp(argv[1], "--json") == 0;
	int r;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		(void)puts(
			"Usage: initfs services [--json]\n"
			"List the start scripts: state, begun, ended, held, whether it came back, "
			"why.");
		return EXIT_DONE;
	}
	if (argc > 1 && !is_json)
		return report_usage("services takes --json and nothing else");
	r = get_lines(&lines, &fault);
	if (r < 0)
		return report(r, &fault, EXIT_FAILED);
	if (is_json)
		(void)putchar('[');
	print_lines(lines, is_json);
	if (is_json)
		(void)puts("\n]");
	return EXIT_DONE;
}

/* One request; its answer, without "ok ", is printed. */
static int ask_once(const char *request)
{
	char answer[PACKET_MAX];
	struct fault fault = { 0 };
	auto_close int fd = open_socket(&fault);
	int r = fd < 0 ? fd : ask(fd, request, answer, &fault);

	if (r < 0)
		return report(r, &fault, EXIT_FAILED);
	if (answer[2] == ' ') {
		print_text(answer + 3);
		(void)putchar('\n');
	}
	return EXIT_DONE;
}

int command_explain(int argc, char **argv)
{
	struct fault fault = { 0 };
	auto_free char *lines = NULL;
	char *rest;
	char *line;
	int r;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		(void)puts("Usage: initfs explain NAME\nSay why that start script is where it is.");
		return EXIT_DONE;
	}
	if (argc != 2 || strlen(argv[1]) > 255)
		return report_usage("explain takes the name of one start script");
	r = get_lines(&lines, &fault);
	if (r < 0)
		return report(r, &fault, EXIT_FAILED);
	for (rest = lines; (line = strsep(&rest, "\n"));) {
		char *field[FIELDS];

		if (!cut_line(line, field) || strcmp(field[NAME], argv[1]) != 0)
			continue;
		print_text(field[SENTENCE]);
		(void)putchar('\n');
		return EXIT_DONE;
	}
	r = fault_because(&fault, -ENOENT, "explain", argv[1], "there is no such start script");
	return report(r, &fault, EXIT_FAILED);
}

int command_rc(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		(void)puts("Usage: initfs rc off\nLet every start script run from now on.");
		return EXIT_DONE;
	}
	if (argc != 2 || strcmp(argv[1], "off") != 0)
		return report_usage("rc takes the word off");
	return ask_once("off");
}
