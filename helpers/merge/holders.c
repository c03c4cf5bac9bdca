/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has something of a mount open? Looks through /proc, only when a mount is busy. */
#include "config.h"

#include "merge/holders.h"
#include "common/fd.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Follows one of /proc's links with O_PATH: opens nothing, waits for nobody. */
static bool is_on_mount(int dir, const char *name, uint64_t mount_id)
{
	struct statx st;

	return statx(dir, name, AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) == 0 &&
	       st.stx_mnt_id == mount_id;
}

static bool has_descriptor(int process, uint64_t mount_id)
{
	auto_close int fds = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *dir = fds < 0 ? NULL : fdopendir(fds);
	const struct dirent *entry;

	if (!dir)
		return false;
	(void)take_fd(&fds);
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    is_on_mount(dirfd(dir), entry->d_name, mount_id))
			return true;
	return false;
}

static void add(int process, const char *pid, char *text, size_t size)
{
	auto_close int fd = openat(process, "comm", O_RDONLY | O_CLOEXEC);
	size_t used = strlen(text);
	char comm[32] = "";
	ssize_t n = fd < 0 ? 0 : read(fd, comm, sizeof(comm) - 1);

	comm[n > 0 ? n : 0] = '\0';
	comm[strcspn(comm, "\n")] = '\0';
	(void)snprintf(text + used, size - used, "%s%s:%s", used ? "," : "", pid, comm);
}

void holders_of(uint64_t mount_id, char *text, size_t size)
{
	auto_closedir DIR *proc = opendir("/proc");
	const struct dirent *entry;

	text[0] = '\0';
	while (proc && (entry = readdir(proc))) {
		auto_close int process = -EBADF;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		process = openat(dirfd(proc), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (process >= 0 &&
		    (is_on_mount(process, "cwd", mount_id) ||
		     is_on_mount(process, "root", mount_id) || has_descriptor(process, mount_id)))
			add(process, entry->d_name, text, size);
	}
}
