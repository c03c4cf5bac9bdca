/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at an X server: is anything to be seen on it? */
#ifndef INITFS_SUPERVISE_SHOWN_H
#define INITFS_SUPERVISE_SHOWN_H

#include "supervise/x11.h"

#include <stdbool.h>
#include <stdint.h>

#define SHOWN_ROWS 3

/*
 * A client of the server, kept from the first look to the last: an X server whose only client goes
 * starts anew, and may take the display manager with it that is just about to connect.
 */
struct shown {
	int fd; /* -EBADF while there is no connection */
	struct x11_screen screen;
	bool has_rows; /* the first look has been taken */
	uint64_t rows
		[SHOWN_ROWS]; /* sums of what it saw: a server may begin with the splash's picture */
};

/*
 * 1: a window is mapped and visible, or a compositor has drawn something since the first look: its own
 * window, which GNOME's greeter is, is in no list. 0: not yet. -errno: it cannot be known (no server, no cookie,
 * no answer in time), and it should not be asked again. Unless 0, the connection is closed.
 */
int shown_look(struct shown *shown, const char *socket_path);

/* Closes the connection if there is one. */
void shown_close(struct shown *shown);

#endif
