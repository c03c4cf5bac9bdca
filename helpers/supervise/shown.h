/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at an X server: is anything to be seen on it? */
#ifndef INITFS_SUPERVISE_SHOWN_H
#define INITFS_SUPERVISE_SHOWN_H

/*
 * A process that looks, so that nobody else waits for the server: a window manager may keep it for itself for
 * seconds, and then it answers nobody.
 */
struct shown {
	int pidfd; /* -EBADF while there is none; who polls it learns when shown_look has an answer */
};

/*
 * 1: a window is mapped and visible, or a compositor has drawn something since the first look: its own
 * window, which GNOME's greeter is, is in no list. 0: not yet. -errno: it cannot be known (no server, no
 * cookie), and it should not be asked again. Does not wait. Unless 0, the process is gone.
 */
int shown_look(struct shown *shown, const char *socket_path);

/* Ends the process if there is one. */
void shown_close(struct shown *shown);

#endif
