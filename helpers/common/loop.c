/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loop devices (LOOP_CONFIGURE, Linux 5.8). */
#include "config.h"

#include "common/loop.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define CONTROL "/dev/loop-control"
/* Somebody else may take the free loop device that the kernel has named; not so often. */
#define LOOP_TRIES 32

/* One try; -EBUSY: somebody was faster. */
static int loop_try(int control, struct loop_config *config, char path[LOOP_PATH_MAX])
{
	int number = ioctl(control, LOOP_CTL_GET_FREE);
	bool is_writable = !(config->info.lo_flags & LO_FLAGS_READ_ONLY);
	auto_close int fd = -EBADF;

	if (number < 0)
		return -errno;
	(void)snprintf(path, LOOP_PATH_MAX, "/dev/loop%d", number);
	fd = open(path, (is_writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return ioctl(fd, LOOP_CONFIGURE, config) < 0 ? -errno : take_fd(&fd);
}

int loop_make(int device, const char *name, bool is_writable, char path[LOOP_PATH_MAX],
	      struct fault *fault)
{
	auto_close int control = open(CONTROL, O_RDWR | O_CLOEXEC);
	struct loop_config config = {
		.fd = (uint32_t)device,
		.info = { .lo_flags = LO_FLAGS_AUTOCLEAR | (is_writable ? 0 : LO_FLAGS_READ_ONLY) },
	};
	int tries, fd = -EBUSY;

	if (control < 0)
		return fault_at(fault, -errno, "make a loop device with", CONTROL);
	(void)snprintf((char *)config.info.lo_file_name, sizeof(config.info.lo_file_name), "%s",
		       name);
	for (tries = 0; tries < LOOP_TRIES && fd == -EBUSY; tries++)
		fd = loop_try(control, &config, path);
	return fd < 0 ? fault_at(fault, fd, "make a loop device of", name) : fd;
}
