/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Projects: what is made in a directory that hands its project on belongs to that project, and a rename
 * into it is answered with EXDEV where the object does not. What we stage was made elsewhere.
 */
#ifndef INITFS_MERGE_PROJECT_H
#define INITFS_MERGE_PROJECT_H

#include <stdbool.h>

/* Does what is made in the directory belong to the directory's project? */
bool project_is_handed_on(int dir);

/*
 * Gives the staged object name in from, and all that is in it, the project of dir. Symbolic links and
 * special files cannot be given one: those inside are left as they are. 0 or -errno; -EXDEV: it is such a
 * one itself, or dir hands nothing on.
 */
int project_give(int dir, int from, const char *name);

#endif
