/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks which parts of the root's files are in memory. */
#ifndef INITFS_READAHEAD_RECORD_H
#define INITFS_READAHEAD_RECORD_H

#include "readahead/list.h"
#include "common/fault.h"

/*
 * Walks the file system of disk, a directory that stands for "/", and adds to the list what of its
 * files is in the page cache, sorted by where it is on the disk. Reads no file. Stays on that file
 * system, and out of directories in which only people's files are. Returns 0 or -errno.
 */
int record(struct list *list, int disk, struct fault *fault);

#endif
