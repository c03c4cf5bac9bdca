/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: which file system is on a device, and may it be read before its check? */
#ifndef INITFS_SUPER_H
#define INITFS_SUPER_H

/* How much of the beginning of a device super_look wants to see. */
#define SUPER_BYTES (65536 + 4096)

enum super_type {
	SUPER_UNKNOWN, /* none that can be shown before init mounts it */
	SUPER_EXT, /* ext2, ext3, ext4: one driver */
	SUPER_XFS,
	SUPER_BTRFS,
};

/*
 * Looks at the first SUPER_BYTES of a device. *ret_unclean becomes NULL, or a sentence that says why
 * it has to be checked first. That of XFS is not in its superblock: the kernel finds it in the log
 * and refuses to mount what cannot be written to. btrfs is never unclean: its check is its mount.
 */
enum super_type super_look(const unsigned char *start, const char **ret_unclean);

#endif
