/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is noted in /run/initfs/own about a file system of a directory's own. */
#ifndef INITFS_MERGE_OWN_H
#define INITFS_MERGE_OWN_H

#include "merge/list.h"
#include "merge/noted.h"

#define OWN_NAME_MAX 64

/* Writes own/N and a suffix, as seen from /run/initfs. */
const char *own_name(const struct list_entry *entry, const char *suffix, char name[OWN_NAME_MAX]);

/* What initfs-overlay has noted; run is /run/initfs. 0 or -errno. */
int own_note(const struct list_entry *entry, int run, struct noted *ret_note);

#endif
