/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of /proc/PID. */
#include "config.h"

#include "common/proc.h"
#include "common/fd.h"
#include "common/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

ssize_t proc_read(int proc, pid_t pid, const char *name, char *text, size_t size)
{
	auto_close int fd = -EBADF;
	char path[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%s%d/%s", proc == AT_FDCWD ? "/proc/" : "", (int)pid,
		       name);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do
		n = read(fd, text, size - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return n;
}

/* proc_pid_stat(5): field 22; the third follows the name, which may have any bytes, in parentheses. */
int proc_start_time(pid_t pid, uint64_t *ret_ticks)
{
	char text[512];
	char *field;
	ssize_t n = proc_read(AT_FDCWD, pid, "stat", text, sizeof(text));
	unsigned int i;

	if (n < 0)
		return (int)n;
	field = strrchr(text, ')');
	for (i = 2; field && i < 22; i++) {
		field = strchr(field, ' ');
		if (field)
			field++;
	}
	if (!field)
		return -EINVAL;
	field[strcspn(field, " ")] = '\0';
	return parse_number(field, UINT64_MAX, ret_ticks);
}
