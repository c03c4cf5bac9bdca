/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts that decisions rest on. */
#ifndef INITFS_WORLD_H
#define INITFS_WORLD_H

#include "rcfilter/starts.h"

/* Microseconds of CLOCK_BOOTTIME. */
uint64_t world_now(void);

/* Asks the kernel for the network again; where it does not answer, what was known stands. */
void world_network(struct starts *starts);

/* The world at this instant, to a runner that does or does not start others while one is held. */
struct facts world_facts(struct starts *starts, bool parallel);

#endif
