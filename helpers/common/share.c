/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The screen's share of the processors. */
#include "config.h"

#include "common/share.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/mountfd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUP "initfs-screen"
/* The most that there is: a hundred times what a session of init's has. */
#define WEIGHT_FIRST "10000"
#define WEIGHT_USUAL "100"
#define STAT_MAX 4096
/* A shell, its subshell, what that runs: whatever is deeper will not be there for long. */
#define TAKE_DEPTH 4
#define LIST_MAX (1U << 20) /* pids: seven bytes each */
/* A process that forks while we move the others has a child that was not on the list. */
#define MOVE_TRIES 100
#define MOVE_MS 10

/* The directory of the hierarchy's root, by a mount that nobody else sees; the caller owns it. */
static int hierarchy_open(struct fault *fault)
{
	auto_close int context = mountfd_new("cgroup2", fault);

	if (context < 0)
		return context;
	return mountfd_make(context, "cgroup2",
			    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, fault);
}

/* The kernel takes each write as a whole, or refuses it. */
static int put(int dir, const char *file, const char *text)
{
	auto_close int fd = openat(dir, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -errno;
	return 0;
}

/* 1 or 0: does a file of words with blanks between them have that word? */
static int has_word(int dir, const char *file, const char *word)
{
	auto_free char *text = NULL;
	char *rest, *at;
	ssize_t size = file_read(dir, file, 4096, &text);

	if (size < 0)
		return (int)size;
	for (at = strtok_r(text, " \n", &rest); at; at = strtok_r(NULL, " \n", &rest))
		if (strcmp(at, word) == 0)
			return 1;
	return 0;
}

/* The caller owns the descriptor. */
static int group_open(int hierarchy)
{
	int group = openat(hierarchy, GROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return group < 0 ? -errno : group;
}

static int group_enter(int hierarchy)
{
	auto_close int group = group_open(hierarchy);
	int r = group < 0 ? group : put(group, "cpu.weight", WEIGHT_FIRST);

	return r < 0 ? r : put(group, "cgroup.procs", "0");
}

int share_begin(struct fault *fault)
{
	auto_close int hierarchy = hierarchy_open(fault);
	int r;

	if (hierarchy < 0)
		return hierarchy;
	r = has_word(hierarchy, "cgroup.controllers", "cpu");
	if (r <= 0)
		return fault_at(fault, r < 0 ? r : -ENOTSUP, "share the processors", "cgroup2");
	/*
	 * Before the controller is taken: share_end, which gives it back, goes by the group, wherever we were
	 * stopped. One that is there was left by a predecessor that was killed.
	 */
	if (mkdirat(hierarchy, GROUP, 0755) < 0 && errno != EEXIST)
		return fault_at(fault, -errno, "share the processors", GROUP);
	/* Where others use it already they go on; what was taken before us is not given back after us. */
	r = put(hierarchy, "cgroup.subtree_control", "+cpu");
	if (r == 0)
		r = group_enter(hierarchy);
	if (r < 0) {
		struct fault undone = { 0 };

		(void)share_end(&undone); /* the first error counts */
		return fault_at(fault, r, "share the processors", GROUP);
	}
	return 0;
}

/*
 * First the process, then its children: those that it has from then on are born in the group, and those that it
 * had are on the list (CONFIG_PROC_CHILDREN, Linux 4.2). One that the kernel does not tell of runs as everybody.
 */
static int take(int group, int proc, const char *pid, unsigned int depth)
{
	auto_free char *list = NULL;
	char path[64];
	char *rest, *child;
	int r = put(group, "cgroup.procs", pid);

	(void)snprintf(path, sizeof(path), "%s/task/%s/children", pid, pid);
	if (r < 0 || depth == TAKE_DEPTH || file_read(proc, path, LIST_MAX, &list) < 0)
		return r;
	for (child = strtok_r(list, " \n", &rest); child; child = strtok_r(NULL, " \n", &rest))
		(void)take(group, proc, child, depth + 1); /* it has ended */
	return 0;
}

int share_take(pid_t pid, struct fault *fault)
{
	auto_close int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int hierarchy = hierarchy_open(fault);
	auto_close int group = -EBADF;
	char text[16];
	int r;

	if (hierarchy < 0)
		return hierarchy;
	group = group_open(hierarchy);
	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	r = group < 0 ? group : take(group, proc, text, 0);
	return r < 0 ? fault_at(fault, r, "share the processors", GROUP) : 0;
}

int share_read(const char *file, char **ret_text, struct fault *fault)
{
	auto_close int hierarchy = hierarchy_open(fault);
	auto_close int group = -EBADF;
	ssize_t size;

	if (hierarchy < 0)
		return hierarchy;
	group = group_open(hierarchy);
	if (group < 0)
		return fault_at(fault, group, "open the control group", GROUP);
	size = file_read(group, file, STAT_MAX, ret_text);
	return size < 0 ? fault_at(fault, (int)size, "read", file) : 0;
}

/* Everybody who is in the group now, into the root. The number, or -errno. */
static int move_all(int hierarchy, int group)
{
	auto_free char *list = NULL;
	char *rest, *pid;
	int count = 0;
	ssize_t size = file_read(group, "cgroup.procs", LIST_MAX, &list);

	if (size < 0)
		return (int)size;
	for (pid = strtok_r(list, "\n", &rest); pid; pid = strtok_r(NULL, "\n", &rest)) {
		int r = put(hierarchy, "cgroup.procs", pid);

		if (r < 0 && r != -ESRCH) /* it has ended */
			return r;
		count++;
	}
	return count;
}

static bool has_groups(int hierarchy)
{
	auto_closedir DIR *dir =
		fdopendir(openat(hierarchy, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *found;

	while (dir && (found = readdir(dir)))
		if (found->d_type == DT_DIR && found->d_name[0] != '.')
			return true;
	return !dir;
}

static int group_remove(int hierarchy, int group)
{
	int tries, r = 0;

	for (tries = 0; tries < MOVE_TRIES; tries++) {
		r = move_all(hierarchy, group);
		if (r < 0)
			return r;
		if (unlinkat(hierarchy, GROUP, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			return -errno;
		(void)poll(NULL, 0, MOVE_MS);
	}
	return -EBUSY;
}

int share_end(struct fault *fault)
{
	auto_close int hierarchy = hierarchy_open(fault);
	auto_close int group = -EBADF;
	int r;

	if (hierarchy < 0)
		return hierarchy == -ENODEV ? 0 : hierarchy; /* no cgroup v2 at all */
	group = group_open(hierarchy);
	if (group < 0)
		return group == -ENOENT ? 0
					: fault_at(fault, group, "open the control group", GROUP);
	r = put(group, "cpu.weight", WEIGHT_USUAL);
	if (r == 0 || r == -ENOENT)
		r = group_remove(hierarchy, group);
	if (r < 0)
		return fault_at(fault, r, "end the control group", GROUP);
	/* Given back where nobody has groups of his own: so cgroup v1 can have it, as without us. */
	if (!has_groups(hierarchy))
		(void)put(hierarchy, "cgroup.subtree_control", "-cpu");
	return 0;
}
