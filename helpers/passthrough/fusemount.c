/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FUSE mounts by descriptors. */
#include "config.h"

#include "passthrough/fusemount.h"
#include "common/fd.h"
#include "common/mountfd.h"
#include "common/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * AT_STATX_DONT_SYNC keeps the kernel from asking the server of a FUSE mount: that may be this very
 * process, or be dead.
 */
static int mount_id(int dirfd, const char *path, int flags, uint64_t *ret_id)
{
	struct statx sx;

	if (statx(dirfd, path, flags | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_MNT_ID, &sx) < 0)
		return -errno;
	if (!(sx.stx_mask & STATX_MNT_ID))
		return -ENOSYS;
	*ret_id = sx.stx_mnt_id;
	return 0;
}

int fusemount_id_at(const char *path, uint64_t *ret_id)
{
	return mount_id(AT_FDCWD, path, 0, ret_id);
}

int fusemount_id(int fd, uint64_t *ret_id)
{
	return mount_id(fd, "", AT_EMPTY_PATH, ret_id);
}

int fusemount_id_of(const char *path, const char *type, uint64_t *ret_id)
{
	auto_free char *text = NULL;
	struct mountinfo info;
	char *rest;
	uint64_t id = 0; /* gcc does not see that it is set wherever it is read */
	int r = fusemount_id_at(path, &id);

	if (r < 0)
		return r;
	r = mountinfo_read(&text);
	if (r < 0)
		return r;
	for (rest = text; mountinfo_next(&rest, &info);) {
		if (info.id != id)
			continue;
		if (strcmp(info.type, type) != 0)
			return -ENOENT;
		*ret_id = id;
		return 0;
	}
	return -ENOENT;
}

/* Sets all that a FUSE mount must be told: the options of every mount of ours. */
static int configure(int context, int device, const char *subtype, struct fault *fault)
{
	char number[16];
	const char *const options[][2] = {
		{ "source", "initfs" },	 { "subtype", subtype }, { "fd", number },
		{ "rootmode", "40000" }, /* a directory, in octal as FUSE wants it */
		{ "user_id", "0" },	 { "group_id", "0" },	 { "default_permissions", NULL },
		{ "allow_other", NULL },
	};
	size_t i;
	int r = 0;

	(void)snprintf(number, sizeof(number), "%d", device);
	for (i = 0; i < sizeof(options) / sizeof(options[0]) && r == 0; i++)
		r = mountfd_set(context, options[i][0], options[i][1], fault);
	return r;
}

int fusemount_make(int device, const char *subtype, struct fusemount *ret_mount,
		   struct fault *fault)
{
	auto_close int own = -EBADF;
	auto_close int context = -EBADF;
	auto_close int mount = -EBADF;
	char path[32];
	uint64_t id = 0; /* gcc does not see that it is set wherever it is read */
	int r;

	/* Each connection wants a device that was opened for it. */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", device);
	own = open(path, O_RDWR | O_CLOEXEC);
	if (own < 0)
		return fault_at(fault, -errno, "open", "/dev/fuse");
	context = mountfd_new("fuse", fault);
	if (context < 0)
		return context;
	r = configure(context, own, subtype, fault);
	if (r < 0)
		return r;
	mount = mountfd_make(context, "fuse", 0, fault);
	if (mount < 0)
		return mount;
	r = fusemount_id(mount, &id);
	if (r < 0)
		return fault_at(fault, r, "read the id of the mount", "fuse");

	*ret_mount = (struct fusemount){ take_fd(&own), take_fd(&mount), id };
	return 0;
}

void fusemount_close(struct fusemount *mount)
{
	fd_close(&mount->device);
	fd_close(&mount->mount);
}

int fusemount_detach(const char *path, uint64_t id)
{
	uint64_t top;
	int r = fusemount_id_at(path, &top);

	if (r < 0)
		return r;
	if (top != id)
		return -ENOENT;
	return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

int fusemount_look(const char *path, uint64_t id)
{
	auto_free char *text = NULL;
	struct mountinfo info;
	bool is_there = false;
	char *rest;
	int r = mountinfo_read(&text);

	if (r < 0)
		return r;
	for (rest = text; mountinfo_next(&rest, &info);) {
		if (strcmp(info.target, path) != 0)
			continue;
		if (info.parent == id)
			return -ENOENT;
		is_there = is_there || info.id == id;
	}
	return is_there ? 0 : -ENOENT;
}

int fusemount_detach_at(int fd, const char *path, uint64_t id)
{
	char link[32];
	int r = fusemount_look(path, id);

	if (r < 0)
		return r;
	/* A magic link leads to the very mount, and no name on the way is looked up. */
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return umount2(link, MNT_DETACH) < 0 ? -errno : 0;
}
