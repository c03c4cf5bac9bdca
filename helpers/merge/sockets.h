/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets that somebody is bound to in a protected directory. Their inode is the view's: on disk
 * the name is there, but nobody listens. What can be done about it is to say so.
 */
#ifndef INITFS_MERGE_SOCKETS_H
#define INITFS_MERGE_SOCKETS_H

/*
 * Pure. Takes a line of /proc/net/unix (without newline) apart in place; returns the path that the
 * socket is bound to, or NULL for none, an abstract one, or an end of a connection to it.
 */
const char *sockets_path(char *line);

/* Marks a merge.socket with its path for each one at or below directory in the timeline. */
void sockets_report(const char *directory, int timeline);

#endif
