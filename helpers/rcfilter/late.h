/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts that are served in place of files. Pure. */
#ifndef INITFS_LATE_H
#define INITFS_LATE_H

#include "rcfilter/words.h"

/*
 * In place of a script that steps aside: prints one line and ends with 0, because LFS stops the
 * boot for anything else; it ends at its end, because a runner that sources it has more to do.
 * Bytes that a shell could take for something else are left out. Owned by the caller; NULL without
 * memory.
 */
char *late_noop(const char *line);

/*
 * In place of a script that makes the network: runs the script itself and ends as it does, or with 0
 * at SIGUSR1: then the script goes on without anybody who waits for it. The same for each script.
 */
char *late_leavable(void);

/* The script of the late slot: runs each of paths with "start", one after the other. Likewise. */
char *late_script(const struct words *paths);

/*
 * A .depend.* file of startpar as it is served: no line longer than startpar reads (2047 bytes; it
 * loses the rest without a word), and with node (NULL: none) behind everything else. Likewise.
 */
char *late_depend(const char *text, size_t size, const char *node);

#endif
