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

/* The process that a pid file names; 0: there is none. */
static pid_t pid_in(const char *pidfile)
{
	auto_close int fd = open(pidfile, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char text[32];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	int pid;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	return sscanf(text, " %d", &pid) == 1 && pid > 0 ? pid : 0;
}

static bool has_lock(const struct service *service)
{
	char path[PATH_MAX];
	struct stat st;

	(void)snprintf(path, sizeof(path), SUBSYS "/%s", service->name);
	return stat(path, &st) == 0 || errno != ENOENT;
}

bool evidence_is_gone(const struct service *service)
{
	pid_t pid = service->pidfile ? pid_in(service->pidfile) : 0;
	struct stat st;

	if (pid && kill(pid, 0) < 0 && errno == ESRCH)
		return true;
	return service->locks_subsys && stat(SUBSYS, &st) == 0 && !has_lock(service);
}

bool evidence_is_there(const struct service *service)
{
	char path[PATH_MAX];
	pid_t pid;

	(void)snprintf(path, sizeof(path), "/run/%s.pid", service->name);
	pid = pid_in(service->pidfile ? service->pidfile : path);
	if (pid && (kill(pid, 0) == 0 || errno == EPERM))
		return true;
	return service->locks_subsys && has_lock(service);
}
