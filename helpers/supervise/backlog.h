/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far a daemon has come that reads the kernel's log through /proc/kmsg. It begins with all that
 * was said before it: what it gets by another way meanwhile would stand between that.
 */
#ifndef INITFS_SUPERVISE_BACKLOG_H
#define INITFS_SUPERVISE_BACKLOG_H

#include <sys/types.h>

enum backlog {
	BACKLOG_NO_READER, /* it has not opened /proc/kmsg, or not yet */
	BACKLOG_BEHIND,
	BACKLOG_TAKEN, /* it has taken all, and waits for the next line */
};

/* Changes nothing, and takes no line from the daemon. */
enum backlog backlog_look(pid_t daemon);

#endif
