/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is everything mounted that the machine boots with? */
#ifndef INITFS_MOUNTED_H
#define INITFS_MOUNTED_H

#include "common/fstab.h"

#include <stdbool.h>

/* Pure: does init's mountall mount that line by itself, early, and not do without it? */
bool mounted_is_certain(const struct fstab_line *line);

/* Pure: is something mounted at each such line? Both texts are taken apart in place. */
bool mounted_is_complete(char *fstab, char *mountinfo);

/* Reads both and says so; true where they cannot be read: nobody waits for what is not known. */
bool mounted_look(void);

#endif
