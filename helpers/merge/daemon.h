/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The merge of a running system: waits until the disk is ready, then does it, and ends. */
#ifndef INITFS_MERGE_DAEMON_H
#define INITFS_MERGE_DAEMON_H

#include "merge/options.h"

/*
 * --wait: leaves a process behind that lives until the layers are gone; returns its verdict to the
 * hook. --now: one attempt in this process, without waiting for fstab. Returns the exit code.
 */
int daemon_run(const struct options *opt, char **argv);

#endif
