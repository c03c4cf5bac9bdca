/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text console, after a screen that died. */
#include "config.h"

#include "supervise/console.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <sys/ioctl.h>

/* The one that has a getty wherever any has. */
#define CONSOLE 1
#define CONSOLE_PATH "/dev/tty1"

/* The kernel has printed the line to whichever terminal was active then; this one has not got it. */
static void say(const char *message)
{
	auto_fclose FILE *tty = fopen(CONSOLE_PATH, "we");

	if (tty)
		(void)fprintf(tty, "\r\ninitfs: %s\r\n", message);
}

int console_restore(const char *message)
{
	/* tty0 is whichever terminal is active: the dead X server's. */
	auto_close int tty = open("/dev/tty0", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct vt_mode mode = { .mode = VT_AUTO };
	struct vt_stat was = { 0 };

	if (tty < 0)
		return -errno;
	/* VT_PROCESS of a dead owner would keep every switch waiting for its consent. */
	if (ioctl(tty, VT_GETSTATE, &was) < 0 || ioctl(tty, VT_SETMODE, &mode) < 0)
		return -errno;
	if (ioctl(tty, KDSKBMODE, K_UNICODE) < 0 || ioctl(tty, KDSETMODE, KD_TEXT) < 0)
		return -errno;
	if (was.v_active != CONSOLE)
		say(message);
	if (ioctl(tty, VT_ACTIVATE, CONSOLE) < 0)
		return -errno;
	return 0;
}
