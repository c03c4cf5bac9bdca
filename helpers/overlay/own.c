/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A read-only view of a device that stays free. */
#include "config.h"

#include "overlay/own.h"
#include "common/fd.h"
#include "common/loop.h"
#include "common/mountfd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#define DEVICE_TEXT_MAX 32
#define EMPTY_DIR "lower"
#define TMPFS_MODE 01777 /* what it is without mode= */

/* By the root's own /dev, where it is there: mountinfo and losetup go on naming it after switch_root. */
static int open_device(int root, const char *path)
{
	int fd = open_in_root(root, path, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0);

	if (fd != -ENOENT)
		return fd;
	fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

void own_look(struct own *own, int root)
{
	auto_free unsigned char *start = malloc(SUPER_BYTES);
	struct stat st;

	own->device = -EBADF;
	own->path = mnt_resolve_spec(own->source, NULL);
	/* A tag that no device has is no path; what is none at all comes back as it went in. */
	own->error = own->path && *own->path == '/' ? 0 : -ENODEV;
	if (!start)
		own->error = -ENOMEM;
	if (own->error)
		return;
	own->device = open_device(root, own->path);
	if (own->device < 0) {
		own->error = own->device;
		return;
	}
	if (fstat(own->device, &st) < 0)
		own->error = -errno;
	else if (!S_ISBLK(st.st_mode))
		own->error = -ENOTBLK;
	else if (pread(own->device, start, SUPER_BYTES, 0) != SUPER_BYTES)
		own->error = -EIO;
	if (own->error)
		return;
	own->number = st.st_rdev;
	own->type = super_look(start, &own->unclean);
}

void own_release(struct own *own)
{
	free(own->source);
	free(own->options);
	free(own->path);
	own->source = own->options = own->path = NULL;
	if (own->device > 0) /* 0 where own_look was never called */
		fd_close(&own->device);
}

/*
 * ext: noload, because only the check may look into the journal, and what goes wrong in a view of a
 * device that others write to later is no reason for errors=panic. XFS reads its log, and refuses
 * where it would have to write; nouuid, so that the real one can be mounted beside it.
 */
static int configure_loop(int context, const struct own *own, const char *loop, struct fault *fault)
{
	int r = mountfd_set(context, "source", loop, fault);

	if (r == 0)
		r = mountfd_set(context, "ro", NULL, fault);
	if (r == 0 && own->type == SUPER_XFS)
		return mountfd_set(context, "nouuid", NULL, fault);
	if (r == 0)
		r = mountfd_set(context, "noload", NULL, fault);
	return r < 0 ? r : mountfd_set(context, "errors", "continue", fault);
}

/*
 * As init will mount it, but for being read-only: what is mounted a second time keeps the options of the
 * first. Those that are not the file system's own concern a mount alone.
 */
static int configure_direct(int context, const struct own *own, struct fault *fault)
{
	auto_free char *options = NULL;
	char *rest, *name, *value;
	size_t name_size, value_size;
	int r = mnt_split_optstr(own->options, NULL, NULL, &options, 0, 0);

	if (r < 0)
		return fault_at(fault, r, "read the mount options of", own->source);
	r = mountfd_set(context, "source", own->path, fault);
	if (r == 0)
		r = mountfd_set(context, "ro", NULL, fault);
	for (rest = options; r == 0 && rest && *rest;) {
		if (mnt_optstr_next_option(&rest, &name, &name_size, &value, &value_size) != 0)
			break;
		/* Where the option ends is a comma or the end: behind it is rest already. */
		name[name_size] = '\0';
		if (value)
			value[value_size] = '\0';
		r = mountfd_set(context, name, value, fault);
	}
	return r;
}

static int mount_direct(const struct own *own, struct fault *fault)
{
	auto_close int context = mountfd_new("btrfs", fault);
	struct fault why = { 0 };
	int r = context < 0 ? context : configure_direct(context, own, fault);

	if (r < 0)
		return r;
	r = mountfd_make(context, "btrfs", MOUNT_ATTR_RDONLY, &why);
	return r < 0 ? fault_because(fault, r, "show before init mounts it", own->source,
				     why.detail)
		     : r;
}

static int mount_loop(const struct own *own, struct fault *fault)
{
	const char *type = own->type == SUPER_XFS ? "xfs" : "ext4";
	char loop[LOOP_PATH_MAX] = "";
	auto_close int device = loop_make(own->device, own->source, false, loop, fault);
	auto_close int context = -EBADF;
	struct fault why = { 0 };
	int r;

	if (device < 0)
		return device;
	context = mountfd_new(type, fault);
	if (context < 0)
		return context;
	r = configure_loop(context, own, loop, fault);
	if (r < 0)
		return r;
	r = mountfd_make(context, type, MOUNT_ATTR_RDONLY, &why);
	if (r == -EROFS)
		return fault_because(
			fault, r, "show before its check", own->source,
			"it was not unmounted cleanly: its log has to be replayed first");
	return r < 0 ? fault_because(fault, r, "show before its check", own->source, why.detail)
		     : r;
}

static int view_make(const struct own *own, struct fault *fault)
{
	return own->type == SUPER_BTRFS ? mount_direct(own, fault) : mount_loop(own, fault);
}

/* A subvolume's number is not its device's, and it stays the same as long as it is mounted. */
static int known_as(const struct own *own, int view, char text[DEVICE_TEXT_MAX],
		    struct fault *fault)
{
	struct stat st = { .st_dev = own->number };

	if (own->is_tmpfs || view < 0) {
		(void)snprintf(text, DEVICE_TEXT_MAX, own->is_tmpfs ? "tmpfs" : "unseen");
		return 0;
	}
	if (own->type == SUPER_BTRFS && fstat(view, &st) < 0)
		return fault_at(fault, -errno, "inspect the view of", own->source);
	(void)snprintf(text, DEVICE_TEXT_MAX, "%u:%u", major(st.st_dev), minor(st.st_dev));
	return 0;
}

/*
 * The merge asks whether the file system that init has mounted is the one that was looked at, and
 * what of it was changed since.
 */
static int device_note(const struct own *own, int view, int dir, const char *number,
		       struct fault *fault)
{
	char known[DEVICE_TEXT_MAX];
	int r = known_as(own, view, known, fault);
	char name[DEVICE_TEXT_MAX];
	auto_close int fd = -EBADF;
	struct timespec now = { 0 };

	if (r < 0)
		return r;
	(void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail */
	(void)snprintf(name, sizeof(name), "%s.device", number);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return fault_at(fault, -errno, "make", name);
	if (dprintf(fd, "%s\n%lld\n", known, (long long)now.tv_sec * 1000000000 + now.tv_nsec) < 0)
		return fault_at(fault, -errno, "write", name);
	return 0;
}

/* A number of the line's options, or what it is without; tmpfs itself refuses what is none. */
static unsigned int option_number(const struct own *own, const char *name, int base,
				  unsigned int none)
{
	char *value;
	size_t size;

	if (mnt_optstr_get_option(own->options, name, &value, &size) != 0 || !size)
		return none;
	return (unsigned int)strtoul(value, NULL, base);
}

/* An empty directory. Returns it, owned. */
static int empty_make(const struct own *own, int ram, uid_t uid, gid_t gid, mode_t mode,
		      struct fault *fault)
{
	auto_close int fd = -EBADF;

	if (mkdirat(ram, EMPTY_DIR, 0700) < 0)
		return fault_at(fault, -errno, "make the directory", EMPTY_DIR);
	fd = openat(ram, EMPTY_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fault_at(fault, -errno, "open the directory", EMPTY_DIR);
	if (fchown(fd, uid, gid) < 0 || fchmod(fd, mode) < 0)
		return fault_at(fault, -errno, "set the owner and mode of", own->source);
	return take_fd(&fd);
}

/* As it is when init has mounted it. */
static int tmpfs_attach(const struct own *own, int dir, const char *number, int ram,
			struct fault *fault)
{
	auto_close int fd = empty_make(own, ram, option_number(own, "uid", 10, 0),
				       option_number(own, "gid", 10, 0),
				       option_number(own, "mode", 8, TMPFS_MODE) & 07777, fault);
	int r = fd < 0 ? fd : device_note(own, fd, dir, number, fault);

	return r < 0 ? r : take_fd(&fd);
}

/* As the directory is that it will be mounted on. The merge knows by the note that it was not seen. */
static int unseen_attach(const struct own *own, int dir, const char *number, int ram,
			 struct fault *fault)
{
	auto_close int fd = empty_make(own, ram, own->uid, own->gid, own->mode, fault);
	int r = fd < 0 ? fd : device_note(own, -EBADF, dir, number, fault);

	return r < 0 ? r : take_fd(&fd);
}

static bool can_be_shown(const struct own *own)
{
	return !own->error && own->type != SUPER_UNKNOWN && !own->unclean;
}

/* view is ours from here on. */
static int view_attach(const struct own *own, int made, int dir, const char *number,
		       struct fault *fault)
{
	auto_close int view = made;
	auto_close int place = -EBADF;
	int fd, r;

	r = device_note(own, view, dir, number, fault);
	if (r < 0)
		return r;
	if (mkdirat(dir, number, 0700) < 0)
		return fault_at(fault, -errno, "make the directory", number);
	place = openat(dir, number, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (place < 0)
		return fault_at(fault, -errno, "open the directory", number);
	r = mountfd_attach(view, place, "", fault);
	if (r < 0)
		return r;
	fd = openat(view, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fault_at(fault, -errno, "open the view of", own->source) : fd;
}

int own_attach(const struct own *own, int dir, const char *number, int ram, struct fault *fault)
{
	int view = -ENODEV;

	if (own->is_tmpfs)
		return tmpfs_attach(own, dir, number, ram, fault);
	if (!own->may_be_unseen || can_be_shown(own))
		view = view_make(own, fault);
	if (view >= 0)
		return view_attach(own, view, dir, number, fault);
	if (!own->may_be_unseen)
		return view;
	*fault = (struct fault){ 0 };
	return unseen_attach(own, dir, number, ram, fault);
}
