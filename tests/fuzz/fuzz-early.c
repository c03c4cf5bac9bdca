/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No text of early.d, the kernel command line, inittab, utmp, a timeline, mountinfo or the view's
 * answer makes their parsers do anything but answer. The first byte says which one it is.
 * Built and run by test-parsers.sh.
 */
#include "config.h"

#include "cli/layers.h"
#include "cli/mounts.h"
#include "cli/record.h"
#include "cli/summary.h"
#include "cli/view.h"
#include "supervise/conf.h"
#include "supervise/prepare.h"
#include "supervise/runlevel.h"
#include "supervise/spawn.h"
#include "fuzz.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void complain(void *context, const char *name, unsigned int line, const char *what)
{
	if (!strlen(name) || !strlen(what))
		abort();
}

/* Whatever passes has to be fit for a shell and for paths. */
static void try_conf(char *text)
{
	struct entry entry;
	char script[4096];

	if (conf_parse("fuzz", text, complain, NULL, &entry) == 0) {
		if (!entry.program || entry.program[0] != '/' || !entry.exec)
			abort();
		(void)spawn_script(&entry, script, sizeof(script));
	}
	entry_free(&entry);
}

static void try_runlevel(const char *text, size_t size)
{
	char runlevel = runlevel_of_boot(text, text);

	(void)is_going_down(runlevel);
	(void)is_on_cmdline(text, "text");
	(void)is_start_link(text, "x");
	(void)is_below_layers(text, "/tmp/x");
	(void)runlevel_in_utmp(text, size);
}

static void try_record(char *text)
{
	struct record record;
	struct summary summary;

	if (record_parse(&record, text) < 0)
		return;
	summary_make(&summary, &record);
	(void)summary_phase(&summary, true);
	record_free(&record);
}

static void try_mounts(char *text)
{
	struct mounts mounts;
	struct layers layers;
	char *copy = strdup(text);

	if (mounts_parse(&mounts, text) == 0) {
		(void)mounts_find(&mounts, 0, 40);
		mounts_free(&mounts);
	}
	free(text);
	layers_parse(&layers, copy);
	layers_free(&layers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view view;
	char *text;

	if (size == 0)
		return 0;
	text = fuzz_text(data, size);
	switch (data[0] % 5) {
	case 0:
		try_conf(text);
		return 0;
	case 1:
		try_runlevel(text, size);
		break;
	case 2:
		try_record(text);
		return 0;
	case 3:
		try_mounts(text);
		return 0;
	default:
		(void)view_parse(&view, text);
	}
	free(text);
	return 0;
}
