/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is somebody bound to a socket, has somebody a FIFO open? The merge asks, and initfs-hold after it. */
#ifndef INITFS_INUSE_H
#define INITFS_INUSE_H

#include <stdbool.h>
#include <sys/stat.h>

/*
 * Whether anybody is bound to the socket behind fd (O_PATH). Asks the kernel by connecting a
 * datagram socket: one of another type, or one that wants another peer, says so; only one that is
 * nobody's refuses. Nobody who is bound notices. Works whatever path or network namespace it was
 * bound in.
 */
bool inuse_socket(int fd);

/*
 * Calls found, until it returns something else than 0, for each FIFO of the file system device
 * that another process has open, once for each descriptor: its path as the kernel knows it. Opens nothing,
 * and asks no other file system than that one. Returns what found returned.
 */
typedef int inuse_fn(void *data, const char *path, const struct stat *st);
int inuse_each_fifo(dev_t device, inuse_fn *found, void *data);

#endif
