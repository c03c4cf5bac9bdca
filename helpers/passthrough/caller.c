/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making things as the program that asked for them. */
#include "config.h"

#include "passthrough/caller.h"
#include "common/fd.h"
#include "common/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int caller_prepare(void)
{
	return unshare(CLONE_FS) < 0 ? -errno : 0;
}

/*
 * Raw system calls from here on: these ids and capabilities belong to a thread in Linux, while the
 * functions of libc change all threads. setfsuid cannot say that it failed; root's cannot.
 */
static void set_ids(uid_t uid, gid_t gid)
{
	(void)syscall(SYS_setfsgid, gid);
	(void)syscall(SYS_setfsuid, uid);
}

/* All that is permitted becomes effective again, except the capabilities in without. */
static int raise_capabilities(uint64_t without)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	data[0].effective = data[0].permitted & ~(uint32_t)without;
	data[1].effective = data[1].permitted & ~(uint32_t)(without >> 32);
	if (syscall(SYS_capset, &header, data) < 0)
		return -errno;
	return 0;
}

static int enter(const struct caller *caller, uint64_t without)
{
	int r;

	(void)umask(caller->umask);
	set_ids(caller->uid, caller->gid);
	/* With it neither quotas nor what a file system reserves for root would bind anybody. */
	if (caller->uid != 0)
		without |= UINT64_C(1) << CAP_SYS_RESOURCE;
	/* Leaving fsuid 0 has taken DAC_OVERRIDE, MKNOD and their kin out of the effective set. */
	r = raise_capabilities(without);
	if (r < 0)
		caller_leave();
	return r;
}

/*
 * CAP_FSETID stays: since Linux 6.0 the kernel takes a setgid bit that is not the caller's due
 * before it asks us (vfs_prepare_mode), with the caller's real groups, which we do not know.
 */
int caller_enter(const struct caller *caller)
{
	return enter(caller, 0);
}

int caller_enter_plain(const struct caller *caller)
{
	return enter(caller, UINT64_C(1) << CAP_FSETID);
}

void caller_leave(void)
{
	set_ids(0, 0);
	/* Cannot fail where it could be entered; the next request as root would otherwise be refused. */
	(void)raise_capabilities(0);
}

/* The text of a line of /proc/PID/status behind its key, or NULL. Ends at the newline. */
static char *status_line(char *status, const char *key)
{
	char *line = strstr(status, key);
	char *end;

	if (!line)
		return NULL;
	line += strlen(key);
	end = strchr(line, '\n');
	if (!end)
		return NULL; /* cut: half a list is no list */
	*end = '\0';
	return line;
}

static bool is_listed(const char *groups, gid_t group)
{
	unsigned int one;
	int used;

	while (sscanf(groups, "%u%n", &one, &used) == 1) {
		if (one == group)
			return true;
		groups += used;
	}
	return false;
}

bool is_caller_in_group(const struct caller *caller, gid_t group)
{
	/* 65,536 groups of up to 11 characters are the kernel's limit; such a caller is refused. */
	static const size_t size = 64 * 1024;
	auto_free char *status = malloc(size);
	unsigned long long effective;
	char *line;

	if (caller->gid == group)
		return true;
	if (!status || proc_read(AT_FDCWD, caller->pid, "status", status, size) <= 0)
		return false;
	line = strstr(status, "\nCapEff:");
	if (line && sscanf(line, "\nCapEff: %llx", &effective) == 1 && effective >> CAP_FSETID & 1)
		return true;
	line = status_line(status, "\nGroups:");
	return line && is_listed(line, group);
}
