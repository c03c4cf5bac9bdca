/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts that make the network. A DHCP client waits a minute for a cable that is not there, and
 * with it every login prompt. So such a script runs as the child of a shell that we can tell to
 * end: then the boot goes on, and so does the script.
 */
#ifndef INITFS_LEAVE_H
#define INITFS_LEAVE_H

#include "rcfilter/starts.h"

/* pid is about to become the script of service. The text that it gets, or NULL: the file itself. */
char *leave_text(struct starts *starts, pid_t pid, size_t service);

/* Somebody executes a script of that name: perhaps the child that we wait for. */
void leave_seen(struct starts *starts, const char *name);

/* Tells those that wait in vain to end. Returns whether to come back now and then. */
bool leave_look(struct starts *starts);

#endif
