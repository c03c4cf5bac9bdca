/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text console, after a screen that died. */
#ifndef INITFS_SUPERVISE_CONSOLE_H
#define INITFS_SUPERVISE_CONSOLE_H

/*
 * Takes the active virtual terminal out of the hands of a dead X server (graphics mode, raw
 * keyboard, switches only by its leave), and shows the first one, with message as a line on it
 * unless that was shown all the time. Returns 0 or -errno.
 */
int console_restore(const char *message);

#endif
