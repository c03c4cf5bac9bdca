/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carries out a plan. In this order, so that nobody ever sees a layer that is half made:
 *
 *	initfs/			the directory of all our state
 *	initfs/ram		a private tmpfs, mode 0700, attached
 *	initfs/ram/N/{upper,work}
 *	initfs/own/N		mode 0700: the view of a file system of the directory's own
 *	initfs/layer/		mode 0700: the way in is the view that initfs-hold makes
 *	(every overlay)		built detached
 *	initfs/layer/N		every overlay, attached
 *	initfs/layers		the list, written beside and renamed: now they are up
 *
 * The tmpfs cannot stay detached until the end: before Linux 6.15 overlayfs takes only layers whose
 * mounts are attached in the caller's namespace. It is empty and closed to everybody but root.
 */
#include "config.h"

#include "overlay/apply.h"
#include "overlay/own.h"
#include "common/fd.h"
#include "common/mountfd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define STATE_DIR "initfs"
#define RAM_DIR "ram"
#define LAYER_DIR "layer"
#define OWN_DIR "own"
#define LIST_FILE "layers"
#define LIST_NEW "layers.new"
#define SOURCE "initfs"

#define NUMBER_MAX 24 /* a layer's number as text, however large a size_t */
#define FD_PATH_MAX 32 /* "/proc/self/fd/" and a number */

/* Makes name below dirfd unless it is there, and opens it. */
static int dir_make(int dirfd, const char *name, mode_t mode, struct fault *fault)
{
	int fd;

	if (mkdirat(dirfd, name, mode) < 0 && errno != EEXIST)
		return fault_at(fault, -errno, "make the directory", name);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fault_at(fault, -errno, "open the directory", name);
	return fd;
}

/* Attaches the tmpfs at state/ram; returns its root directory, which the caller owns. */
static int ram_attach(int state, const char *size, struct fault *fault)
{
	auto_close int context = mountfd_new("tmpfs", fault);
	auto_close int mount = -EBADF;
	auto_close int place = -EBADF;
	int r;

	if (context < 0)
		return context;
	r = mountfd_set(context, "source", SOURCE, fault);
	if (r == 0)
		r = mountfd_set(context, "size", size, fault);
	if (r == 0)
		r = mountfd_set(context, "mode", "0700", fault);
	if (r < 0)
		return r;
	mount = mountfd_make(context, "tmpfs", 0, fault);
	if (mount < 0)
		return mount;
	place = dir_make(state, RAM_DIR, 0700, fault);
	if (place < 0)
		return place;
	r = mountfd_attach(mount, place, "", fault);
	if (r < 0)
		return r;
	return take_fd(&mount);
}

/* True for what must not or need not be carried: overlayfs's own marks would change its meaning. */
static bool is_left_out(const char *name)
{
	return strncmp(name, "trusted.overlay.", strlen("trusted.overlay.")) == 0;
}

/* tmpfs knows user.* since Linux 6.6 only; on a protected directory itself nobody relies on them. */
static bool may_be_lost(const char *name, int error)
{
	return error == EOPNOTSUPP && strncmp(name, "user.", strlen("user.")) == 0;
}

static int xattr_copy(int from, int to, const char *name, const char *path, struct fault *fault)
{
	auto_free char *value = NULL;
	ssize_t size = fgetxattr(from, name, NULL, 0);

	if (size >= 0) {
		value = malloc((size_t)size + 1);
		if (!value)
			return fault_at(fault, -ENOMEM, "copy the attributes of", path);
		size = fgetxattr(from, name, value, (size_t)size);
	}
	if (size < 0)
		return fault_because(fault, -errno, "read an attribute of", path, name);
	if (fsetxattr(to, name, value, (size_t)size, 0) < 0 && !may_be_lost(name, errno))
		return fault_because(fault, -errno, "copy an attribute of", path, name);
	return 0;
}

static int xattrs_copy(int from, int to, const char *path, struct fault *fault)
{
	auto_free char *names = NULL;
	ssize_t size = flistxattr(from, NULL, 0);
	const char *name;
	int r;

	if (size < 0)
		return errno == EOPNOTSUPP ? 0
					   : fault_at(fault, -errno, "list attributes of", path);
	names = malloc((size_t)size + 1);
	if (!names)
		return fault_at(fault, -ENOMEM, "copy the attributes of", path);
	size = flistxattr(from, names, (size_t)size);
	if (size < 0)
		return fault_at(fault, -errno, "list attributes of", path);
	for (name = names; name < names + size; name += strlen(name) + 1) {
		if (is_left_out(name))
			continue;
		r = xattr_copy(from, to, name, path, fault);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What a layer shows as its own root is its upper directory: it has to look like the disk's. */
static int attributes_copy(int from, int to, const char *path, struct fault *fault)
{
	struct timespec times[2];
	struct stat st;
	int r;

	if (fstat(from, &st) < 0)
		return fault_at(fault, -errno, "inspect the directory", path);
	if (fchown(to, st.st_uid, st.st_gid) < 0)
		return fault_at(fault, -errno, "set the owner as of", path);
	if (fchmod(to, st.st_mode & 07777) < 0)
		return fault_at(fault, -errno, "set the mode as of", path);
	r = xattrs_copy(from, to, path, fault);
	if (r < 0)
		return r;
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	if (futimens(to, times) < 0)
		return fault_at(fault, -errno, "set the times as of", path);
	return 0;
}

/* overlayfs takes its directories by path; this one is the descriptor, whatever happens to names. */
static int set_layer_dir(int context, const char *key, int fd, struct fault *fault)
{
	char path[FD_PATH_MAX];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return mountfd_set(context, key, path, fault);
}

/*
 * xino: the numbers of inodes stay what they are when a file is copied up, and initfs-hold knows
 * nodes by them. The rest is off by name, because the merge reads the upper as plain files whatever
 * defaults the kernel was built with.
 */
static const struct {
	const char *key;
	const char *value;
} layer_options[] = {
	{ "source", SOURCE },  { "xino", "on" },   { "redirect_dir", "off" },
	{ "metacopy", "off" }, { "index", "off" },
};

/* One overlay, detached; the caller owns the descriptor. */
static int overlay_build(int lower, int upper, int work, struct fault *fault)
{
	auto_close int context = mountfd_new("overlay", fault);
	size_t i;
	int r = context < 0 ? context : 0;

	for (i = 0; r == 0 && i < sizeof(layer_options) / sizeof(layer_options[0]); i++)
		r = mountfd_set(context, layer_options[i].key, layer_options[i].value, fault);
	if (r == 0)
		r = set_layer_dir(context, "lowerdir", lower, fault);
	if (r == 0)
		r = set_layer_dir(context, "upperdir", upper, fault);
	if (r == 0)
		r = set_layer_dir(context, "workdir", work, fault);
	if (r < 0)
		return r;
	return mountfd_make(context, "overlay", 0, fault);
}

/* The directory that a layer is laid over; the caller owns the descriptor. */
static int lower_open(const struct layer *layer, int state, const char *number, int ram,
		      struct fault *fault)
{
	auto_close int own = -EBADF;
	int fd;

	if (layer->own) {
		own = dir_make(state, OWN_DIR, 0700, fault);
		return own < 0 ? own : own_attach(layer->own, own, number, ram, fault);
	}
	fd = fcntl(layer->lower, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? fault_at(fault, -errno, "open the directory", layer->path) : fd;
}

/* The upper and the overlay of one layer; returns the overlay, detached, owned by the caller. */
static int layer_build(const struct layer *layer, int state, int ram, const char *number,
		       struct fault *fault)
{
	auto_close int dir = dir_make(ram, number, 0700, fault);
	auto_close int lower = -EBADF;
	auto_close int upper = -EBADF;
	auto_close int work = -EBADF;
	int r;

	if (dir < 0)
		return dir;
	upper = dir_make(dir, "upper", 0700, fault);
	if (upper < 0)
		return upper;
	work = dir_make(dir, "work", 0700, fault);
	if (work < 0)
		return work;
	lower = lower_open(layer, state, number, dir, fault);
	if (lower < 0)
		return lower;
	r = attributes_copy(lower, upper, layer->path, fault);
	if (r < 0)
		return r;
	return overlay_build(lower, upper, work, fault);
}

static void number_text(char text[NUMBER_MAX], size_t number)
{
	(void)snprintf(text, NUMBER_MAX, "%zu", number);
}

/* Builds every layer, then attaches every layer: either step alone can fail and shows nothing. */
static int layers_attach(const struct plan *plan, int state, int ram, int *mounts,
			 struct fault *fault)
{
	auto_close int dir = dir_make(state, LAYER_DIR, 0700, fault);
	char number[NUMBER_MAX];
	size_t i;
	int r;

	if (dir < 0)
		return dir;
	for (i = 0; i < plan->count; i++) {
		number_text(number, i);
		mounts[i] = layer_build(&plan->layer[i], state, ram, number, fault);
		if (mounts[i] < 0)
			return mounts[i];
	}
	for (i = 0; i < plan->count; i++) {
		auto_close int place = -EBADF;

		number_text(number, i);
		place = dir_make(dir, number, 0700, fault);
		if (place < 0)
			return place;
		r = mountfd_attach(mounts[i], place, "", fault);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The list of layers; whoever sees it sees all of it, and the layers are up. */
static int list_write(const struct plan *plan, int state, struct fault *fault)
{
	auto_close int fd =
		openat(state, LIST_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	size_t i;

	if (fd < 0)
		return fault_at(fault, -errno, "make the list of layers", LIST_NEW);
	for (i = 0; i < plan->count; i++)
		if (dprintf(fd, "%zu\t%s\n", i, plan->layer[i].path) < 0)
			return fault_at(fault, -errno, "write the list of layers", LIST_NEW);
	if (renameat(state, LIST_NEW, state, LIST_FILE) < 0)
		return fault_at(fault, -errno, "name the list of layers", LIST_FILE);
	return 0;
}

int apply_plan(const struct plan *plan, int run, struct fault *fault)
{
	auto_close int state = dir_make(run, STATE_DIR, 0755, fault);
	auto_close int ram = -EBADF;
	int mounts[DIRS_MAX];
	size_t i;
	int r;

	if (state < 0)
		return state;
	ram = ram_attach(state, plan->size, fault);
	if (ram < 0)
		return ram;
	for (i = 0; i < DIRS_MAX; i++)
		mounts[i] = -EBADF;
	r = layers_attach(plan, state, ram, mounts, fault);
	/* A mount that is attached stays without its descriptor; one that is not goes with it. */
	for (i = 0; i < DIRS_MAX; i++)
		fd_close(&mounts[i]);
	if (r < 0)
		return r;
	return list_write(plan, state, fault);
}

/* Notes a step of undoing that failed; the steps after it are taken all the same. */
static void undo_note(int *result, int error, struct fault *fault, const char *step,
		      const char *object)
{
	(void)fault_at(fault, error, step, object);
	if (*result == 0)
		*result = error;
}

/*
 * Takes away every mount on name below dirfd. umount2 knows only paths, so the directory becomes
 * the current one. EBUSY: somebody is in there, and a stock boot is worth more than his files.
 */
static void mount_remove(int *result, int dirfd, const char *name, struct fault *fault)
{
	if (fchdir(dirfd) < 0) {
		undo_note(result, -errno, fault, "enter the directory of", name);
		return;
	}
	while (umount2(name, UMOUNT_NOFOLLOW) == 0 ||
	       (errno == EBUSY && umount2(name, UMOUNT_NOFOLLOW | MNT_DETACH) == 0))
		;
	/* EINVAL: nothing is mounted there (any more). ENOENT: there is not even the directory. */
	if (errno != EINVAL && errno != ENOENT)
		undo_note(result, -errno, fault, "unmount", name);
}

static void name_remove(int *result, int dirfd, const char *name, int flags, struct fault *fault)
{
	if (unlinkat(dirfd, name, flags) < 0 && errno != ENOENT)
		undo_note(result, -errno, fault, "remove", name);
}

/* Takes away every mount below a directory whose names are numbers, and what was noted beside it. */
static void numbers_remove(int *result, int state, const char *name, struct fault *fault)
{
	auto_close int dir = openat(state, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char number[NUMBER_MAX], note[NUMBER_MAX + 8];
	size_t i;

	if (dir < 0) {
		if (errno != ENOENT)
			undo_note(result, -errno, fault, "open the directory", name);
		return;
	}
	for (i = DIRS_MAX; i-- > 0;) {
		number_text(number, i);
		(void)snprintf(note, sizeof(note), "%s.device", number);
		name_remove(result, dir, note, 0, fault);
		if (faccessat(dir, number, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		mount_remove(result, dir, number, fault);
		name_remove(result, dir, number, AT_REMOVEDIR, fault);
	}
	name_remove(result, state, name, AT_REMOVEDIR, fault);
}

int apply_undo(int run, struct fault *fault)
{
	auto_close int state =
		openat(run, STATE_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result = 0;

	if (state < 0)
		return errno == ENOENT ? 0 : fault_at(fault, -errno, "open", STATE_DIR);
	name_remove(&result, state, LIST_FILE, 0, fault);
	name_remove(&result, state, LIST_NEW, 0, fault);
	numbers_remove(&result, state, LAYER_DIR, fault);
	numbers_remove(&result, state, OWN_DIR, fault);
	mount_remove(&result, state, RAM_DIR, fault);
	name_remove(&result, state, RAM_DIR, AT_REMOVEDIR, fault);
	/* The timeline or another program's state may be in it: then it is not ours to remove. */
	(void)unlinkat(run, STATE_DIR, AT_REMOVEDIR);
	return result;
}
