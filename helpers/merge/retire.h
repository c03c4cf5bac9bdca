/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After the switch: the layers and their RAM go, and what they left in /run is made true again. */
#ifndef INITFS_MERGE_RETIRE_H
#define INITFS_MERGE_RETIRE_H

#include "common/fault.h"
#include "merge/list.h"

/* The name below /run/initfs that notes that a layer's switch was asked for. */
#define SWITCH_NAME_MAX 40
const char *retire_switch_name(unsigned int number, char *name);

/*
 * Unmounts every layer and the RAM. What somebody still has open is detached instead, its memory
 * goes with the last descriptor, and the timeline names who has it (layer.kept). Returns 0 in both
 * cases, or -errno with the fault where a mount stays.
 */
int retire_layers(const struct list *list, int run, int timeline, struct fault *fault);

/* Removes /run/nologin if it is ours. Returns 0 or -errno. */
int retire_nologin(void);

/* Copies the timeline to /var/log/initfs/timeline. Returns 0 or -errno. */
int retire_timeline(int run);

/* Ends the screen's share of the processors, where an initfs-supervise that was killed has left it. */
void retire_share(int run);

#endif
