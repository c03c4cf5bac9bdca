/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections to the programs that are started. */
#ifndef INITFS_SUPERVISE_SOCKET_H
#define INITFS_SUPERVISE_SOCKET_H

/*
 * A connection to path, owned by the caller, or -errno. type is SOCK_STREAM and the like. Nothing
 * waits for longer than so many seconds, neither this nor what is sent and received then: -EAGAIN.
 * With 0 nothing ever waits.
 */
int socket_connect(const char *path, int type, unsigned int seconds);

#endif
