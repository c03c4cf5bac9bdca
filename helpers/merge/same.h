/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Are two objects the same to who reads them? */
#ifndef INITFS_MERGE_SAME_H
#define INITFS_MERGE_SAME_H

/*
 * Type and content; not owner, mode and times. Directories and very large files are never the same. 1, 0, or
 * -errno.
 */
int same_object(int at, const char *name, int other_at, const char *other_name);

#endif
