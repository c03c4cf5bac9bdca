/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: what was asked for and what the machine is like in, the list of mounts out, or a refusal. */
#ifndef INITFS_OVERLAY_PLAN_H
#define INITFS_OVERLAY_PLAN_H

#include "common/fault.h"
#include "common/super.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* More protected directories than anybody has a reason for; it keeps everything in plain arrays. */
#define DIRS_MAX 32

struct options {
	bool undo;
	bool missing; /* only say which devices of such file systems are not there */
	bool unclean; /* only say which directories' file systems have to be checked first */
	bool own; /* a directory may have a file system of its own */
	const char *size; /* tmpfs syntax, already checked */
	const char *root;
	size_t count;
	const char *dir[DIRS_MAX]; /* clean absolute paths as seen in the root */
};

/* Targets of mounts or of fstab lines, as seen in the root. */
struct paths {
	size_t count;
	char **path;
};

/* What fstab mounts at a directory itself, and what is known of it before init does so. */
struct own {
	char *source; /* as fstab names it; NULL where it has no such line */
	char *options; /* of that line */
	bool is_noauto;
	bool is_tmpfs; /* empty whenever it is mounted: there is no device, and nothing to show */
	char *path; /* of the device; NULL where there is none */
	int device; /* open for reading */
	int error; /* why it is not, as -errno, or 0 */
	dev_t number;
	enum super_type type;
	const char *unclean; /* why it has to be checked before it can be shown, or NULL */
	bool may_be_unseen; /* where it cannot be shown, an empty directory will do: one of logs */
	uid_t uid; /* of that directory, and its gid and mode */
	gid_t gid;
	mode_t mode;
};

/* The machine, looked at before anything is touched; see facts.h, which owns what is in it. */
struct facts {
	int root; /* the root directory; -EBADF when it could not be opened */
	int root_error; /* why not, as -errno, or 0 */
	bool is_mount_point;
	bool is_read_only; /* the file system, not only this mount of it */
	int run; /* /run of the root; -EBADF where there is none */
	bool is_run_in_ram;
	bool is_up; /* layers, or what is left of them, are there already */
	int overlay_error; /* -errno where the kernel has no overlayfs, else 0 */
	int tmpfs_error;
	struct paths fstab;
	struct paths mounts; /* what is mounted below the root, the root itself left out */
	struct {
		int fd; /* the directory on the disk, open for reading */
		int error; /* why it could not be opened, as -errno, or 0 */
		struct own own;
	} dir[DIRS_MAX]; /* in the order of options.dir */
};

struct layer {
	const char *path; /* as in options */
	int lower; /* the directory on the disk; borrowed from facts */
	const struct own
		*own; /* NULL for a directory of the root's file system; borrowed as well */
};

struct plan {
	const char *size;
	size_t count;
	struct layer layer[DIRS_MAX]; /* the index is the layer's number */
};

/*
 * Decides. All of it can be built or nothing will: returns 0 with the plan, or -errno with a fault
 * that names what is in the way. A directory inside another one is covered by that one's layer.
 * The plan borrows from options and facts.
 */
int plan_make(struct plan *ret_plan, const struct options *options, const struct facts *facts,
	      struct fault *fault);

#endif
