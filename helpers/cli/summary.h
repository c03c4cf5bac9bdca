/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: what the events of a boot amount to. */
#ifndef INITFS_CLI_SUMMARY_H
#define INITFS_CLI_SUMMARY_H

#include "cli/record.h"

#include <stdbool.h>

#define SUMMARY_PROGRAMS_MAX 32

enum program_state {
	PROGRAM_STARTING,
	PROGRAM_READY,
	PROGRAM_EXITED, /* value is its status */
	PROGRAM_GAVE_UP,
	PROGRAM_SKIPPED, /* value is why */
};

struct program {
	const char *name;
	enum program_state state;
	const char *pid; /* of the newest start, or NULL */
	const char *value;
	unsigned int starts;
	uint64_t usec; /* when it came to this state */
};

enum merge_state {
	MERGE_NONE, /* nothing was begun */
	MERGE_RUNNING,
	MERGE_FAILED, /* or refused: why says */
	MERGE_DONE,
};

struct summary {
	const char *stock_why; /* boot.stock, or NULL */
	bool has_layers_begun; /* overlay.up */
	enum merge_state merge;
	uint64_t merge_usec; /* of its last event */
	const char *merge_why;
	const char *merge_names;
	const char *merge_bytes;
	const char *pause_usec; /* of the last switch, or NULL */
	const struct timeline_event *layer_kept; /* or NULL */
	unsigned int program_count;
	struct program programs[SUMMARY_PROGRAMS_MAX];
};

/* The strings belong to the record. */
void summary_make(struct summary *ret_summary, const struct record *record);

/* Where the boot is. */
enum phase {
	PHASE_STOCK,
	PHASE_EARLY,
	PHASE_MERGING,
	PHASE_FAILED, /* still in RAM, because the merge could not be done */
	PHASE_DISK,
	PHASES,
};

/* has_layers: /run/initfs/layers exists now. */
enum phase summary_phase(const struct summary *summary, bool has_layers);

#endif
