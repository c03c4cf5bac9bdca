/* SPDX-License-Identifier: GPL-2.0-or-later */
/* initfs status: where the layers are, who still holds them, what was started early. */
#include "config.h"

#include "cli/command.h"
#include "cli/holders.h"
#include "cli/layers.h"
#include "cli/named.h"
#include "cli/print.h"
#include "cli/record.h"
#include "cli/summary.h"
#include "cli/view.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/report.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
	"Usage: initfs status\n"
	"Tell where this boot is: what is in RAM, what the merge did, what was started early,\n"
	"and which processes still hold files of the early view.\n"
	"\n"
	"  --help     print this and exit\n";

/* Everything that is looked at; nothing is printed before all of it is known. */
struct status {
	struct record record;
	struct summary summary;
	struct layers layers;
	enum phase phase;
	struct view view;
	int view_error;
	struct holders holders;
};

/* The directories that were protected: from layers, or once they are gone from overlay.up. */
static void directories_of(struct status *status, char *copy)
{
	char *rest = NULL;
	char *directory;

	for (directory = strtok_r(copy, ",", &rest); directory && status->layers.count < LAYERS_MAX;
	     directory = strtok_r(NULL, ",", &rest))
		status->layers.directory[status->layers.count++] = directory;
}

static const char *overlay_directories(const struct record *record)
{
	const char *directories = NULL;
	size_t i;

	for (i = 0; i < record->count; i++)
		if (record->lines[i].is_event &&
		    strcmp(record->lines[i].event.event, "overlay.up") == 0)
			directories = timeline_value(&record->lines[i].event, "dirs");
	return directories;
}

static int look(struct status *status, struct fault *fault)
{
	int r = record_read(&status->record, STATE_DIR "/" TIMELINE_FILE, fault);
	bool has_layers;
	const char *directories;

	if (r < 0 && r != -ENOENT)
		return r;
	*fault = (struct fault){ 0 };
	r = layers_read(&status->layers);
	if (r < 0 && r != -ENOENT)
		return fault_at(fault, r, "read", STATE_DIR "/layers");
	has_layers = r == 0;

	summary_make(&status->summary, &status->record);
	status->phase = summary_phase(&status->summary, has_layers);
	status->view_error = view_ask(&status->view);
	directories = overlay_directories(&status->record);
	if (!has_layers && directories) {
		status->layers.text = strdup(directories);
		if (!status->layers.text)
			return fault_at(fault, -ENOMEM, "read", STATE_DIR "/layers");
		directories_of(status, status->layers.text);
	}
	if (status->phase == PHASE_STOCK)
		return 0;
	return holders_find(&status->holders,
			    status->view_error == 0 && strcmp(status->view.state, "sealed") != 0,
			    status->layers.directory, status->layers.count, fault);
}

/* --- printing: each line begins with a word in the first column, or is indented */

static void print_label(const char *label)
{
	(void)printf("%-9s", label);
}

static void print_phase(const struct status *status)
{
	static const char *const phases[PHASES] = {
		[PHASE_STOCK] = "stock boot: initfs takes no part in it",
		[PHASE_EARLY] = "early: the layers are in RAM until the disk is ready",
		[PHASE_MERGING] = "merging: the layers are being carried to the disk",
		[PHASE_FAILED] = "early: the merge could not be done, the layers are still in RAM",
		[PHASE_DISK] = "disk: everything is on the disk",
	};

	print_label("phase");
	(void)fputs(phases[status->phase], stdout);
	if (status->summary.stock_why) {
		(void)fputs(" (", stdout);
		print_text(status->summary.stock_why);
		(void)putchar(')');
	}
	(void)putchar('\n');
}

static void print_layers(const struct status *status)
{
	size_t i;

	for (i = 0; i < status->layers.count; i++) {
		struct layer_usage usage;
		int r = layer_usage(status->layers.number[i], &usage);

		print_label(i == 0 ? "layers" : "");
		print_text(status->layers.directory[i]);
		if (r == 0) {
			(void)printf("  %" PRIu64 " names, ", usage.names);
			print_size(usage.bytes);
			(void)puts(" in RAM");
		} else {
			(void)printf("  (%s)\n", strerror(-r));
		}
	}
}

static void print_view(const struct status *status)
{
	if (status->view_error == -ENOENT)
		return;
	print_label("view");
	if (status->view_error < 0) {
		(void)printf("does not answer (%s)\n", strerror(-status->view_error));
		return;
	}
	print_text(status->view.state);
	(void)fputs("  ", stdout);
	print_text(status->view.text);
	(void)putchar('\n');
}

static bool has_process(const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof(path), STATE_DIR "/%s.pid", name);
	return file_read_live_pid(AT_FDCWD, path) > 0;
}

static void print_merge(const struct summary *summary)
{
	static const char *const states[] = {
		[MERGE_NONE] = "not begun",
		[MERGE_RUNNING] = "under way",
		[MERGE_FAILED] = "failed",
		[MERGE_DONE] = "done",
	};

	print_label("merge");
	(void)fputs(states[summary->merge], stdout);
	if (summary->merge != MERGE_NONE) {
		(void)fputs(" at ", stdout);
		print_seconds(summary->merge_usec);
	}
	if (summary->merge_why && summary->merge == MERGE_FAILED) {
		(void)fputs(": ", stdout);
		print_text(summary->merge_why);
	}
	if (summary->merge == MERGE_DONE && summary->merge_names && summary->merge_bytes) {
		(void)fputs(", ", stdout);
		print_text(summary->merge_names);
		(void)fputs(" names, ", stdout);
		print_text(summary->merge_bytes);
		(void)fputs(" bytes", stdout);
	}
	if (summary->pause_usec) {
		(void)fputs(", programs waited ", stdout);
		print_text(summary->pause_usec);
		(void)fputs(" us", stdout);
	}
	if (summary->merge != MERGE_DONE && !has_process("merge"))
		(void)fputs("; no initfs-merge is running", stdout);
	(void)putchar('\n');
}

static void print_kept(const struct timeline_event *kept)
{
	size_t i;

	if (!kept)
		return;
	print_label("kept");
	for (i = 0; i < kept->pairs; i++) {
		(void)printf("%s=", kept->pair[i].key);
		print_text(kept->pair[i].value);
		(void)putchar(i + 1 < kept->pairs ? ' ' : '\n');
	}
}

static bool has_gone(const struct record *record, size_t since, const char *directory)
{
	size_t i;

	for (i = since; i < record->count; i++) {
		const struct timeline_event *event = &record->lines[i].event;
		const char *dir =
			record->lines[i].is_event && strcmp(event->event, "socket.gone") == 0
				? timeline_value(event, "dir")
				: NULL;

		if (dir && strcmp(dir, directory) == 0)
			return true;
	}
	return false;
}

/* Parts of the view that wait for sockets and FIFOs to be closed. */
static void print_waiting(const struct record *record)
{
	bool is_first = true;
	size_t i;

	for (i = 0; i < record->count; i++) {
		const struct timeline_event *event = &record->lines[i].event;
		const char *dir, *names;

		if (!record->lines[i].is_event || strcmp(event->event, "socket.kept") != 0)
			continue;
		dir = timeline_value(event, "dir");
		names = timeline_value(event, "names");
		if (!dir || has_gone(record, i, dir))
			continue;
		print_label(is_first ? "waits" : "");
		is_first = false;
		print_text(dir);
		(void)fputs("  in use: ", stdout);
		print_text(names ? names : "?");
		(void)putchar('\n');
	}
}

static void print_program(const struct program *program)
{
	static const char *const states[] = {
		[PROGRAM_STARTING] = "started", [PROGRAM_READY] = "ready since",
		[PROGRAM_EXITED] = "ended at",	[PROGRAM_GAVE_UP] = "died too often, given up at",
		[PROGRAM_SKIPPED] = "skipped",
	};

	(void)printf("%-12s %s", program->name, states[program->state]);
	if (program->state == PROGRAM_SKIPPED) {
		(void)fputs(": ", stdout);
		print_text(program->value ? program->value : "?");
		(void)putchar('\n');
		return;
	}
	(void)putchar(' ');
	print_seconds(program->usec);
	if (program->state == PROGRAM_EXITED && program->value) {
		(void)fputs(", status ", stdout);
		print_text(program->value);
	} else if (program->pid && program->state != PROGRAM_GAVE_UP) {
		(void)fputs(", pid ", stdout);
		print_text(program->pid);
	}
	if (program->starts > 1)
		(void)printf(", %u starts", program->starts);
	(void)putchar('\n');
}

static void print_programs(const struct summary *summary)
{
	unsigned int i;

	for (i = 0; i < summary->program_count; i++) {
		print_label(i == 0 ? "early" : "");
		print_program(&summary->programs[i]);
	}
	if (summary->program_count && !has_process("supervise")) {
		print_label("");
		(void)puts("(no initfs-supervise is running: what has ended will not be started "
			   "again)");
	}
}

/* Our own programs hold the layers because that is their work; afterwards they must not, either. */
static bool is_worth_a_line(const struct status *status, const struct holder *holder)
{
	return status->phase == PHASE_DISK || strncmp(holder->command, "initfs-", 7) != 0;
}

static void print_holders(const struct status *status)
{
	bool is_first = true;
	size_t i;

	for (i = 0; i < status->holders.count; i++) {
		const struct holder *holder = &status->holders.holder[i];

		if (!is_worth_a_line(status, holder))
			continue;
		print_label(is_first ? "held by" : "");
		is_first = false;
		(void)printf("%d ", (int)holder->pid);
		print_text(holder->command);
		(void)printf("  %s  ", holder->how);
		print_text(holder->path);
		(void)putchar('\n');
	}
	if (status->holders.hidden) {
		print_label(is_first ? "held by" : "");
		(void)printf("(%zu processes that only root can look into)\n",
			     status->holders.hidden);
	}
}

static void print_logins(void)
{
	auto_free char *text = NULL;

	if (file_read(AT_FDCWD, "/run/nologin", 4096, &text) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	print_label("logins");
	(void)fputs("wait: ", stdout);
	print_text(text);
	(void)putchar('\n');
}

static void print_status(const struct status *status)
{
	print_phase(status);
	if (status->phase == PHASE_STOCK)
		return;
	if (status->phase != PHASE_DISK)
		print_layers(status);
	print_view(status);
	print_merge(&status->summary);
	print_kept(status->summary.layer_kept);
	print_waiting(&status->record);
	named_print(&status->record);
	print_programs(&status->summary);
	print_logins();
	print_holders(status);
}

int command_status(int argc, char **argv)
{
	static const struct option long_options[] = { { "help", no_argument, NULL, 1 }, { 0 } };
	struct status status = { 0 };
	struct fault fault = { 0 };
	int option;
	int r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option != 1)
			return report_usage("'%s' is not an option of status", argv[optind - 1]);
		(void)fputs(help, stdout);
		return EXIT_DONE;
	}
	if (optind < argc)
		return report_usage("status takes no '%s'", argv[optind]);

	r = look(&status, &fault);
	if (r == 0)
		print_status(&status);
	holders_free(&status.holders);
	layers_free(&status.layers);
	record_free(&status.record);
	return r < 0 ? report(r, &fault, EXIT_FAILED) : EXIT_DONE;
}
