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
 * Unmounts every layer and the RAM: what somebody still has open is detached instead, its memory goes with the last
 * descriptor, and the timeline names who has it (layer.kept). Removes /run/nologin if it is ours, ends the screen's
 * share of the processors where a supervisor that was killed has left it, and copies the timeline to
 * /var/log/initfs/timeline. The disk is right already: a part that fails gets a line, and the others are done.
 */
void retire(const struct list *list, int run, int timeline);

#endif
