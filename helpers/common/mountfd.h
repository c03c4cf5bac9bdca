/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mounts as descriptors (fsopen … move_mount, Linux 5.2): built out of sight, attached last.
 * Everything returns -errno and leaves the kernel's own message, where it gave one, in the fault.
 */
#ifndef INITFS_MOUNTFD_H
#define INITFS_MOUNTFD_H

#include "common/fault.h"

#include <stdint.h>

/* A context in which a file system of that type is configured; the caller owns the descriptor. */
int mountfd_new(const char *fstype, struct fault *fault);

/* Sets a key to a string; value NULL sets a flag ("ro"). */
int mountfd_set(int context, const char *key, const char *value, struct fault *fault);

/*
 * Makes the file system and a detached mount of it with attributes (MOUNT_ATTR_…). The caller owns
 * the mount's descriptor; closing it without mountfd_attach takes the mount away again. fstype is
 * what a fault names.
 */
int mountfd_make(int context, const char *fstype, uint64_t attributes, struct fault *fault);

/* Shows a detached mount at path below dirfd (AT_FDCWD, or the directory itself where path is ""). */
int mountfd_attach(int mount, int dirfd, const char *path, struct fault *fault);

/*
 * Puts a detached mount beneath the one that is at path, so that it shows in the moment in which
 * that one is detached. -errno before Linux 6.5.
 */
int mountfd_attach_beneath(int mount, const char *path);

/*
 * A detached clone of the mount at path: the file system's own directories, nothing that is mounted
 * on them. recursive also clones what is mounted below. Owned by the caller.
 */
int mountfd_clone(int dirfd, const char *path, int recursive, struct fault *fault);

/* Detaches the mount whose topmost directory or file fd (O_PATH) is; fd stays open. 0 or -errno. */
int mountfd_detach(int fd);

#endif
