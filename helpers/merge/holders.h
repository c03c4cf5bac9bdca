/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has something of a mount open? */
#ifndef INITFS_MERGE_HOLDERS_H
#define INITFS_MERGE_HOLDERS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes "PID:name" of the processes that have a descriptor, a working directory or a root on the
 * mount of that id, by commas, as many as fit; "" where none is found (a mapping, or the kernel).
 */
void holders_of(uint64_t mount_id, char *text, size_t size);

#endif
