/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: the display manager that Red Hat's /etc/sysconfig/desktop chooses. */
#ifndef INITFS_SUPERVISE_DESKTOP_H
#define INITFS_SUPERVISE_DESKTOP_H

#include <stddef.h>

/*
 * Writes the base name of the display manager that prefdm would start to name: what the last
 * DISPLAYMANAGER= says, or the one that goes with a desktop's name (GNOME, KDE). "" for none.
 */
void desktop_choice(const char *text, char *name, size_t size);

#endif
