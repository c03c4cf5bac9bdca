/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The merge into a root that was repaired under its read-only mount. What the kernel keeps of a mounted
 * file system in memory (how much is free in each group of blocks) is from before the repair: written
 * to through that mount, ext4 stops at the first group that differs. So the disk is mounted once more,
 * through a loop device, as something new; the root itself stays read-only until the machine is rebooted.
 *
 *	look			refuses: writable, not ext, not clean, a protected directory elsewhere
 *	mount			out of everybody's sight
 *	stage			while programs go on
 *	seal, stage the rest, publish, unseal
 *	sync, unmount		programs go on in RAM; it can be asked for again
 */
#ifndef INITFS_MERGE_REPAIRED_H
#define INITFS_MERGE_REPAIRED_H

#include "merge/options.h"

/* In /run/initfs: from here on the root must not be written to by its own mount. */
#define REPAIRED_MARK "repaired"

/* What initfs-merge --repaired does; returns its exit status. */
int repaired_run(const struct options *opt);

#endif
