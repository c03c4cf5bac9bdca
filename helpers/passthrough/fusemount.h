/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FUSE mounts by descriptors: made out of sight, attached last, taken away only where they are ours. */
#ifndef INITFS_FUSEMOUNT_H
#define INITFS_FUSEMOUNT_H

#include "common/fault.h"

#include <stdint.h>

/* A mount that nobody sees yet, and the device through which its requests come. */
struct fusemount {
	int device; /* /dev/fuse, owned; whoever holds it keeps the connection alive */
	int mount; /* the detached mount, owned */
	uint64_t id; /* the mount's id (STATX_MNT_ID, Linux 5.8) */
};

/*
 * Makes a FUSE file system of type "fuse.SUBTYPE", source "initfs", default_permissions and
 * allow_other, that is served through ret_mount->device. device is an open /dev/fuse or a
 * descriptor of it (O_PATH); it stays the caller's. 0 or -errno.
 */
int fusemount_make(int device, const char *subtype, struct fusemount *ret_mount,
		   struct fault *fault);

/* Closes what it still owns. */
void fusemount_close(struct fusemount *mount);

/*
 * The id of the mount that a look-up of path ends on, without asking the server of that mount.
 * 0 or -errno.
 */
int fusemount_id_at(const char *path, uint64_t *ret_id);

/* The id of the mount that the descriptor is of. Likewise. */
int fusemount_id(int fd, uint64_t *ret_id);

/* As fusemount_id_at, for a mount of that type ("fuse.NAME") only; -ENOENT where it is another. */
int fusemount_id_of(const char *path, const char *type, uint64_t *ret_id);

/*
 * Is the mount with that id at path, and nothing on it? path is as mountinfo has it. Walks no path, which may
 * lead through a server that is dead or does not answer now. 0, -ENOENT or another -errno.
 */
int fusemount_look(const char *path, uint64_t id);

/*
 * Detaches the mount whose root directory fd is (O_PATH; stays the caller's) as fusemount_detach does, and as
 * fusemount_look looks.
 */
int fusemount_detach_at(int fd, const char *path, uint64_t id);

/*
 * Detaches the mount on top of path (MNT_DETACH) if it has that id. 0, -ENOENT where another mount
 * or none is on top (nothing was touched), or -errno.
 */
int fusemount_detach(const char *path, uint64_t id);

#endif
