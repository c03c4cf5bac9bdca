/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections to the programs that are started. */
#include "config.h"

#include "supervise/socket.h"
#include "common/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

static int set_limit(int fd, unsigned int seconds)
{
	const struct timeval limit = { .tv_sec = (time_t)seconds };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	return 0;
}

int socket_connect(const char *path, int type, unsigned int seconds)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	auto_close int fd = -EBADF;
	int r;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	(void)strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | (seconds ? 0 : SOCK_NONBLOCK), 0);
	if (fd < 0)
		return -errno;
	r = seconds ? set_limit(fd, seconds) : 0;
	if (r < 0)
		return r;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return take_fd(&fd);
}
