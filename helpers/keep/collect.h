/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a boot has written below /var/log while that is RAM, and putting it back in a later one. */
#ifndef INITFS_KEEP_COLLECT_H
#define INITFS_KEEP_COLLECT_H

#include "keep/pack.h"
#include "common/fault.h"

/* Where what does not fit to the file of its name is written instead. */
#define KEPT_SUFFIX ".initfs-kept"

/*
 * Packs what the files below upper (a descriptor of the RAM layer's own log directory) have more than
 * those below lower (the disk's), the system's log first, as much as there is room for in pack. A
 * file that changes this instant is taken as it is; one that cannot be read is left out. 0 or -errno.
 */
int collect(int upper, int lower, struct pack *pack, struct fault *fault);

/*
 * Puts one file of a pack back below log (a descriptor of /var/log as programs see it):
 * appended where the file ends just where its bytes begin, made anew where there is none, left
 * alone where it has these bytes already, and else written beside it. Returns 0 or -errno.
 */
int collect_put_back(int log, const struct pack_file *file, const char *bytes, struct fault *fault);

#endif
