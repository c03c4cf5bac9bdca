/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text console that can be read and typed at, after a screen that died in graphics mode. */
#ifndef INITFS_SUPERVISE_CONSOLE_H
#define INITFS_SUPERVISE_CONSOLE_H

/*
 * Gives the active virtual terminal its text mode and keyboard back and shows the first one, where
 * the gettys begin. Returns 0 or -errno; a machine without virtual terminals is -ENOENT or so.
 */
int console_restore(void);

#endif
