/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who needs whom, and who needs the network: from words to edges. Pure. */
#ifndef INITFS_RESOLVE_H
#define INITFS_RESOLVE_H

#include "rcfilter/catalog.h"

/*
 * Works out the edges, once, after everything was added. remote_fs is true where fstab has a
 * remote file system: only then $remote_fs, which nearly every script has, means the network.
 * Returns 0 or -ENOMEM.
 */
int resolve_edges(struct catalog *catalog, bool remote_fs);

/* Does an /etc/fstab name a remote file system that is mounted at boot? Takes text apart in place. */
bool resolve_has_remote(char *text);

#endif
