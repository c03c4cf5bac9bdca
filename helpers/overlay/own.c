/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A read-only view of a device that stays free. */
#include "config.h"

#include "overlay/own.h"
#include "common/fd.h"
#include "common/mountfd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

/* Somebody else may take the free loop device that the kernel has named; not so often. */
#define LOOP_TRIES 32
#define LOOP_PATH_MAX 32
#define DEVICE_TEXT_MAX 32

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
	auto_free char *path = mnt_resolve_spec(own->source, NULL);
	unsigned char start[SUPER_BYTES];
	struct stat st;

	own->device = -EBADF;
	/* A tag that no device has is no path; what is none at all comes back as it went in. */
	own->error = path && *path == '/' ? 0 : -ENODEV;
	if (own->error)
		return;
	own->device = open_device(root, path);
	if (own->device < 0) {
		own->error = own->device;
		return;
	}
	if (fstat(own->device, &st) < 0)
		own->error = -errno;
	else if (!S_ISBLK(st.st_mode))
		own->error = -ENOTBLK;
	else if (pread(own->device, start, sizeof(start), 0) != (ssize_t)sizeof(start))
		own->error = -EIO;
	if (own->error)
		return;
	own->number = st.st_rdev;
	own->type = super_look(start, &own->unclean);
}

void own_release(struct own *own)
{
	free(own->source);
	own->source = NULL;
	if (own->device > 0) /* 0 where own_look was never called */
		fd_close(&own->device);
}

/* One try; -EBUSY: somebody was faster. */
static int loop_try(int control, int device, const char *name, char path[LOOP_PATH_MAX])
{
	struct loop_config config = {
		.fd = (uint32_t)device,
		.info = { .lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR },
	};
	int number = ioctl(control, LOOP_CTL_GET_FREE);
	auto_close int fd = -EBADF;

	if (number < 0)
		return -errno;
	(void)snprintf(path, LOOP_PATH_MAX, "/dev/loop%d", number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	(void)snprintf((char *)config.info.lo_file_name, sizeof(config.info.lo_file_name), "%s",
		       name);
	return ioctl(fd, LOOP_CONFIGURE, &config) < 0 ? -errno : take_fd(&fd);
}

/* Returns the loop device, owned: it goes by itself when neither we nor a mount has it open. */
static int loop_make(const struct own *own, char path[LOOP_PATH_MAX], struct fault *fault)
{
	auto_close int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int tries, fd = -EBUSY;

	if (control < 0)
		return fault_at(fault, -errno, "make a loop device with", "/dev/loop-control");
	for (tries = 0; tries < LOOP_TRIES && fd == -EBUSY; tries++)
		fd = loop_try(control, own->device, own->source, path);
	return fd < 0 ? fault_at(fault, fd, "make a read-only loop device of", own->source) : fd;
}

/*
 * ext: noload, because only the check may look into the journal, and what goes wrong in a view of a
 * device that others write to later is no reason for errors=panic. XFS reads its log, and refuses
 * where it would have to write; nouuid, so that the real one can be mounted beside it.
 */
static int configure(int context, const struct own *own, const char *loop, struct fault *fault)
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

static int view_make(const struct own *own, struct fault *fault)
{
	const char *type = own->type == SUPER_XFS ? "xfs" : "ext4";
	char loop[LOOP_PATH_MAX] = "";
	auto_close int device = loop_make(own, loop, fault);
	auto_close int context = -EBADF;
	struct fault why = { 0 };
	int r;

	if (device < 0)
		return device;
	context = mountfd_new(type, fault);
	if (context < 0)
		return context;
	r = configure(context, own, loop, fault);
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

/*
 * The merge asks whether the file system that init has mounted is the one that was looked at, and
 * what of it was changed since.
 */
static int device_note(const struct own *own, int dir, const char *number, struct fault *fault)
{
	char name[DEVICE_TEXT_MAX];
	auto_close int fd = -EBADF;
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail */
	(void)snprintf(name, sizeof(name), "%s.device", number);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return fault_at(fault, -errno, "make", name);
	if (dprintf(fd, "%u:%u\n%lld\n", major(own->number), minor(own->number),
		    (long long)now.tv_sec * 1000000000 + now.tv_nsec) < 0)
		return fault_at(fault, -errno, "write", name);
	return 0;
}

int own_attach(const struct own *own, int dir, const char *number, struct fault *fault)
{
	auto_close int view = view_make(own, fault);
	auto_close int place = -EBADF;
	int fd, r;

	if (view < 0)
		return view;
	r = device_note(own, dir, number, fault);
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
