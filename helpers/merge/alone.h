/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The merge of one upper layer into one lower directory while no overlay of them is mounted. */
#ifndef INITFS_MERGE_ALONE_H
#define INITFS_MERGE_ALONE_H

#include "merge/options.h"

/* Does it and says how it went. Returns the exit code. */
int alone_run(const struct options *opt);

#endif
