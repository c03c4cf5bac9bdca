/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A loop device of a block device: the same blocks once more, for a mount of their own. */
#ifndef INITFS_LOOP_H
#define INITFS_LOOP_H

#include "common/fault.h"

#include <stdbool.h>

#define LOOP_PATH_MAX 32

/*
 * Makes one of device, which stays the caller's and has to be open for writing where is_writable; name is
 * what losetup(8) shows. Returns it, owned, and its path: it goes by itself when neither the caller nor a
 * mount has it open. -errno with the fault.
 */
int loop_make(int device, const char *name, bool is_writable, char path[LOOP_PATH_MAX],
	      struct fault *fault);

#endif
