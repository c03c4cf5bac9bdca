/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be seen of a service. */
#include "config.h"

#include "rcfilter/evidence.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#define SUBSYS "/var/lock/subsys"

static bool names_nobody(const char *pidfile)
{
	auto_close int fd = open(pidfile, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char text[32];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	int pid;

	if (n <= 0)
		return false;
	text[n] = '\0';
	if (sscanf(text, " %d", &pid) != 1 || pid <= 0)
		return false;
	return kill(pid, 0) < 0 && errno == ESRCH;
}

bool evidence_is_gone(const struct service *service)
{
	char path[PATH_MAX];
	struct stat st;

	if (service->pidfile && names_nobody(service->pidfile))
		return true;
	if (!service->locks_subsys || stat(SUBSYS, &st) < 0)
		return false;
	(void)snprintf(path, sizeof(path), SUBSYS "/%s", service->name);
	return stat(path, &st) < 0 && errno == ENOENT;
}
