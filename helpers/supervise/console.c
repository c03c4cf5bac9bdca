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

int console_restore(void)
{
	/* tty0 is whichever terminal is active: the dead X server's. */
	auto_close int tty = open("/dev/tty0", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct vt_mode mode = { .mode = VT_AUTO };

	if (tty < 0)
		return -errno;
	/* VT_PROCESS of a dead owner would keep every switch waiting for its consent. */
	if (ioctl(tty, VT_SETMODE, &mode) < 0)
		return -errno;
	if (ioctl(tty, KDSKBMODE, K_UNICODE) < 0 || ioctl(tty, KDSETMODE, KD_TEXT) < 0)
		return -errno;
	if (ioctl(tty, VT_ACTIVATE, 1) < 0)
		return -errno;
	return 0;
}
