/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start scripts may mount a file system over a directory of logs on their own account, without a line in
 * fstab (log2ram, folder2ram). In a stock boot they come before the syslog. Where that was there first it
 * goes on writing beneath, and nobody sees it, until it is told to open its files again.
 */
#ifndef INITFS_SUPERVISE_COVERED_H
#define INITFS_SUPERVISE_COVERED_H

#include "supervise/conf.h"

#include <stdbool.h>
#include <stddef.h>

#define COVERED_MAX 256

/*
 * Is directory on a mount that is neither the root, nor a line of fstab, nor a view? Then by is where that
 * is mounted. Takes both texts apart. Pure.
 */
bool covered_by(char *mountinfo, char *fstab, const char *directory, char *by, size_t size);

/* The first of the entry's directories of which that is true; false, too, where nothing can be read. */
bool covered_look(const struct entry *entry, char *by, size_t size);

#endif
