/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has to be there before a program starts: its directories, FIFOs, and no stale pid file. */
#ifndef INITFS_SUPERVISE_PREPARE_H
#define INITFS_SUPERVISE_PREPARE_H

#include "supervise/conf.h"
#include "common/fault.h"

#include <stdbool.h>
#include <sys/types.h>

/* Where the sockets of programs that outlive the RAM layer are: helpers/merge knows it as well. */
#define SOCKETS_DIR "/run/initfs/sockets"

/*
 * Makes what the entry asks for, in the root of this process. May be called for every start: what
 * is there already gets the right mode and owner. Returns 0 or -errno.
 */
int prepare_entry(const struct entry *entry, struct fault *fault);

/* Writes pid to the entry's pid file, for programs that do so only as daemons. 0 or -errno. */
int prepare_pid_file(const struct entry *entry, pid_t pid, struct fault *fault);

/* Removes a pid file that prepare_pid_file has written for pid, which has ended. */
void prepare_pid_file_undo(const struct entry *entry, pid_t pid);

/*
 * Mounts SOCKETS_DIR/NAME (1777) over the entry's SocketDir, so that the sockets bound there are on
 * /run and not on a layer that goes away. Does nothing where it is done, or where there is no
 * SocketDir. Where that is not below a layer, it is only made (1777) if it is not there: after the merge
 * no mount of ours may come back. Returns 0 or -errno.
 */
int prepare_sockets(const struct entry *entry, struct fault *fault);

/* Takes that mount away again; for the undo, before any program uses it. Returns 0 or -errno. */
int prepare_sockets_undo(const struct entry *entry, struct fault *fault);

/* Pure: is path one of the protected directories of layers ("0\t/var\n1\t/tmp\n"), or below one? */
bool is_below_layers(const char *layers, const char *path);

#endif
