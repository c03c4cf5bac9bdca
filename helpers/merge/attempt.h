/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One attempt to carry all layers of a running system to the disk, under the programs that use it:
 *
 *	stage, live		rounds, until what is left is small
 *	seal			no request of a program is carried out any more; they wait
 *	stage the rest, publish
 *	carry mounts, re-seat	initfs-hold opens all again on the disk, and detaches its views
 *	unseal
 */
#ifndef INITFS_MERGE_ATTEMPT_H
#define INITFS_MERGE_ATTEMPT_H

#include "common/fault.h"
#include "merge/list.h"

#include <stdbool.h>
#include <stdint.h>

struct attempt_result {
	bool is_refused; /* before anything was touched */
	uint64_t names;
	uint64_t bytes;
};

struct attempt_settings {
	const struct list *list;
	int run; /* /run/initfs */
	int timeline;
	bool is_verified; /* what was staged is read back from the disk */
};

/*
 * Returns 0 when every protected directory is the plain disk, synced; -errno with the fault when programs go
 * on in RAM, all or in those that are left: then nothing is lost, and it can be tried again.
 */
int attempt_run(const struct attempt_settings *settings, struct attempt_result *ret_result,
		struct fault *fault);

#endif
