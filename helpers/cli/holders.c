/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes have files of the view or of the layers open, or stand in them. */
#include "config.h"

#include "cli/holders.h"
#include "cli/mounts.h"
#include "common/fd.h"
#include "common/mountinfo.h"
#include "common/parse.h"
#include "common/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

#define VERDICTS_MAX 256

/* What is known about a device that no mount shows. */
struct verdict {
	unsigned int major;
	unsigned int minor;
	bool is_ours;
};

struct search {
	struct mounts mounts;
	bool can_ask;
	const char *const *directories;
	size_t directory_count;
	size_t verdict_count;
	struct verdict verdict[VERDICTS_MAX];
	struct holders found;
	size_t room;
};

/*
 * A detached view is on no mount's list. Asking a FUSE file system for its type is a request to its
 * server, which is why the caller has to know that it answers.
 */
static bool is_detached_view(const char *link)
{
	struct statfs fs;

	return statfs(link, &fs) == 0 &&
	       (fs.f_type == FUSE_SUPER_MAGIC || fs.f_type == OVERLAYFS_SUPER_MAGIC);
}

static bool is_our_device(struct search *search, const char *link, unsigned int major,
			  unsigned int minor)
{
	const struct mount *mount = mounts_find(&search->mounts, major, minor);
	struct verdict verdict = { major, minor, false };
	size_t i;

	if (mount)
		return mount->is_ours;
	if (major != 0 || !search->can_ask)
		return false;
	for (i = 0; i < search->verdict_count; i++)
		if (search->verdict[i].major == major && search->verdict[i].minor == minor)
			return search->verdict[i].is_ours;
	verdict.is_ours = is_detached_view(link);
	if (search->verdict_count < VERDICTS_MAX)
		search->verdict[search->verdict_count++] = verdict;
	return verdict.is_ours;
}

/* In a detached view the kernel tells the path from the view's own top: put the directory before. */
static char *complete_path(const struct search *search, const char *path, bool is_mounted)
{
	char whole[PATH_MAX];
	size_t i;

	for (i = 0; i < search->directory_count && !is_mounted; i++) {
		(void)snprintf(whole, sizeof(whole), "%s%s", search->directories[i],
			       strcmp(path, "/") == 0 ? "" : path);
		if (access(whole, F_OK) == 0)
			return strdup(whole);
	}
	return strdup(path);
}

static int add_holder(struct search *search, pid_t pid, const char *how, char *path)
{
	struct holders *found = &search->found;
	struct holder *holder;
	char comm[32];

	if (found->count == search->room) {
		size_t room = search->room ? search->room * 2 : 64;
		struct holder *more = realloc(found->holder, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		found->holder = more;
		search->room = room;
	}
	holder = &found->holder[found->count++];
	*holder = (struct holder){ .pid = pid, .path = path };
	(void)snprintf(holder->how, sizeof(holder->how), "%s", how);
	if (proc_read(AT_FDCWD, pid, "comm", comm, sizeof(comm)) > 0)
		(void)snprintf(holder->command, sizeof(holder->command), "%.*s",
			       (int)strcspn(comm, "\n"), comm);
	return 0;
}

/* One process maps and opens the same file again and again: it is told once. */
static bool is_known(const struct holders *found, pid_t pid, const char *path)
{
	size_t i;

	for (i = found->count; i-- > 0 && found->holder[i].pid == pid;)
		if (strcmp(found->holder[i].path, path) == 0)
			return true;
	return false;
}

/* Looks at one link of /proc/PID: fd/7, cwd, map_files/…. A link that is gone meanwhile is none. */
static int look_at_link(struct search *search, pid_t pid, const char *link, const char *how)
{
	auto_free char *whole = NULL;
	char path[PATH_MAX];
	struct statx st;
	ssize_t length;

	length = readlink(link, path, sizeof(path) - 1);
	if (length <= 0 || path[0] != '/')
		return 0; /* a socket, a pipe, memory */
	path[length] = '\0';
	/* The device is known to the kernel: nobody is asked for it, however sealed the view is. */
	if (statx(AT_FDCWD, link, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, 0, &st) < 0)
		return 0;
	if (!is_our_device(search, link, st.stx_dev_major, st.stx_dev_minor))
		return 0;
	whole = complete_path(search, path,
			      mounts_find(&search->mounts, st.stx_dev_major, st.stx_dev_minor));
	if (!whole)
		return -ENOMEM;
	if (is_known(&search->found, pid, whole))
		return 0;
	return add_holder(search, pid, how, take_pointer(whole));
}

/* All links of a folder of /proc/PID. -EACCES where we may not look. */
static int look_at_folder(struct search *search, pid_t pid, const char *folder)
{
	char path[64];
	auto_closedir DIR *dir = NULL;
	struct dirent *entry;
	int r = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, folder);
	dir = opendir(path);
	if (!dir)
		return errno == EACCES || errno == EPERM ? -EACCES : 0;
	while (r == 0 && (entry = readdir(dir))) {
		char link[PATH_MAX];
		char what[12] = "mapped";

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(link, sizeof(link), "%s/%s", path, entry->d_name);
		if (strcmp(folder, "fd") == 0)
			(void)snprintf(what, sizeof(what), "fd %.8s", entry->d_name);
		r = look_at_link(search, pid, link, what);
	}
	return r;
}

static int look_at_process(struct search *search, pid_t pid)
{
	static const struct {
		const char *name;
		const char *how;
	} links[] = { { "cwd", "cwd" }, { "root", "root" }, { "exe", "program" } };
	unsigned int i;
	int r = look_at_folder(search, pid, "fd");

	if (r == -EACCES) {
		search->found.hidden++;
		return 0;
	}
	for (i = 0; r == 0 && i < sizeof(links) / sizeof(links[0]); i++) {
		char link[64];

		(void)snprintf(link, sizeof(link), "/proc/%d/%s", (int)pid, links[i].name);
		r = look_at_link(search, pid, link, links[i].how);
	}
	if (r == 0)
		r = look_at_folder(search, pid, "map_files");
	return r == -EACCES ? 0 : r;
}

static int look_at_all(struct search *search, struct fault *fault)
{
	auto_closedir DIR *proc = opendir("/proc");
	struct dirent *entry;
	uint64_t pid;
	int r = 0;

	if (!proc)
		return fault_at(fault, -errno, "read", "/proc");
	while (r == 0 && (entry = readdir(proc)))
		if (parse_number(entry->d_name, INT_MAX, &pid) == 0 && (pid_t)pid != getpid())
			r = look_at_process(search, (pid_t)pid);
	return r < 0 ? fault_at(fault, r, "look at all processes", NULL) : 0;
}

int holders_find(struct holders *ret_holders, bool can_ask, const char *const *directories,
		 size_t count, struct fault *fault)
{
	struct search search = {
		.can_ask = can_ask,
		.directories = directories,
		.directory_count = count,
	};
	auto_free char *mountinfo = NULL;
	int r = mountinfo_read(&mountinfo);

	*ret_holders = (struct holders){ 0 };
	if (r == 0)
		r = mounts_parse(&search.mounts, mountinfo);
	if (r < 0)
		return fault_at(fault, r, "read", MOUNTINFO_PATH);
	r = look_at_all(&search, fault);
	mounts_free(&search.mounts);
	*ret_holders = search.found;
	return r;
}

void holders_free(struct holders *holders)
{
	size_t i;

	for (i = 0; i < holders->count; i++)
		free(holders->holder[i].path);
	free(holders->holder);
	*holders = (struct holders){ 0 };
}
