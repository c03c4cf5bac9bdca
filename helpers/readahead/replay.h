/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has the kernel read what stands in a list, before somebody asks for it. */
#ifndef INITFS_READAHEAD_REPLAY_H
#define INITFS_READAHEAD_REPLAY_H

#include "readahead/list.h"

struct replayed {
	uint64_t bytes;
	size_t ranges;
	size_t missing; /* ranges of files that are not there any more */
};

/*
 * Reads in the order of the list, below disk, a directory that stands for "/". Little is under way
 * at any time, so that who cannot wait does not stand behind all of it. Ends early when most_bytes
 * have been asked for.
 */
void replay(const struct list *list, int disk, uint64_t most_bytes, struct replayed *ret_replayed);

#endif
