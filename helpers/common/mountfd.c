/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounts as descriptors. */
#include "config.h"

#include "common/mountfd.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MOVE_MOUNT_BENEATH
#define MOVE_MOUNT_BENEATH 0x00000200 /* Linux 6.5 */
#endif

/*
 * A file system context is also a pipe of messages: "e Something" says in words what errno cannot.
 * Leaves the first error in message, or "".
 */
static void context_message(int context, char *message, size_t size)
{
	char line[FAULT_DETAIL_MAX];
	ssize_t n;

	message[0] = '\0';
	while ((n = read(context, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		if (strncmp(line, "e ", 2) != 0 || message[0])
			continue;
		line[strcspn(line, "\n")] = '\0';
		strncpy(message, line + 2, size - 1);
		message[size - 1] = '\0';
	}
}

/* Fails a step of a context with errno as it stands and the kernel's words. */
static int context_fault(int context, struct fault *fault, const char *step, const char *object)
{
	int error = -errno;
	char message[FAULT_DETAIL_MAX];

	context_message(context, message, sizeof(message));
	return fault_because(fault, error, step, object, message);
}

int mountfd_new(const char *fstype, struct fault *fault)
{
	int context = (int)syscall(SYS_fsopen, fstype, FSOPEN_CLOEXEC);

	if (context < 0)
		return fault_at(fault, -errno, "use the kernel's file system", fstype);
	return context;
}

int mountfd_set(int context, const char *key, const char *value, struct fault *fault)
{
	unsigned int command = value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

	if (syscall(SYS_fsconfig, context, command, key, value, 0) < 0)
		return context_fault(context, fault, "set the mount option", key);
	return 0;
}

int mountfd_make(int context, const char *fstype, uint64_t attributes, struct fault *fault)
{
	int mount;

	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return context_fault(context, fault, "make a file system of type", fstype);
	mount = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, (unsigned int)attributes);
	if (mount < 0)
		return context_fault(context, fault, "mount the file system", fstype);
	return mount;
}

int mountfd_attach(int mount, int dirfd, const char *path, struct fault *fault)
{
	unsigned int flags = MOVE_MOUNT_F_EMPTY_PATH;

	if (!*path)
		flags |= MOVE_MOUNT_T_EMPTY_PATH;
	if (syscall(SYS_move_mount, mount, "", dirfd, path, flags) < 0)
		return fault_at(fault, -errno, "attach the mount", path);
	return 0;
}

int mountfd_attach_beneath(int mount, const char *path)
{
	const unsigned int flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_BENEATH;

	return syscall(SYS_move_mount, mount, "", AT_FDCWD, path, flags) < 0 ? -errno : 0;
}

int mountfd_clone(int dirfd, const char *path, int recursive, struct fault *fault)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
	int mount;

	if (!*path)
		flags |= AT_EMPTY_PATH;
	if (recursive)
		flags |= AT_RECURSIVE;
	mount = (int)syscall(SYS_open_tree, dirfd, path, flags);
	if (mount < 0)
		return fault_at(fault, -errno, "clone the mount", path);
	return mount;
}

int mountfd_detach(int fd)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return umount2(path, MNT_DETACH) < 0 ? -errno : 0;
}
