/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a program that ends being stopped by its rc script? */
#ifndef INITFS_SUPERVISE_STOPPED_H
#define INITFS_SUPERVISE_STOPPED_H

#include "supervise/conf.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Does one of /proc/PID/cmdline's words name a script of services, and the next one an action that stops it:
 * "/etc/init.d/gdm3 stop", "/etc/rc3.d/K01gdm3 stop", "service gdm3 restart"? A NUL has to stand behind
 * them. Pure.
 */
bool is_stop_command(const char *words, size_t length, const struct words *services);

/*
 * Is such a process there? An end that looks like a death is then no death: a script kills what does not
 * end in time, and some programs answer its SIGTERM with an error. Asked while the program is a zombie:
 * start-stop-daemon takes that for alive, so the script is still waiting for it.
 */
bool is_being_stopped(const struct entry *entry);

#endif
