/* SPDX-License-Identifier: GPL-2.0-or-later */
/* initfs-supervise --adopt: the process by which init itself watches over a screen that came early. */
#ifndef INITFS_SUPERVISE_ADOPT_H
#define INITFS_SUPERVISE_ADOPT_H

#include "supervise/conf.h"
#include "common/fault.h"

#include <sys/types.h>

/* The early screen, whichever it is: for a line of inittab that does not know its name. */
#define SCREEN_PID "/run/initfs/screen.pid"

/*
 * Waits for the process in pid_file, if it is a program of early.d that runs, to end; clears away
 * what it leaves behind; then becomes program. SIGTERM (init's, when it leaves the runlevel) ends
 * that process, too. Returns 0 after SIGTERM, or -errno.
 */
int adopt_run(const char *pid_file, char **program, struct fault *fault);

/*
 * The pid of such a process that waits for the entry's, or has waited and become its program; or 0.
 * Where there is one, init starts the program again, not we.
 */
pid_t adopter_of(const struct entry *entry);

#endif
