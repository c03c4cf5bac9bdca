/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The staging directory. */
#include "config.h"

#include "merge/place.h"
#include "merge/flags.h"
#include "merge/sweep.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

/* ".." of a mount's root leads out of it; a tree is not deeper than this. */
#define CLIMB_MAX 4096

int place_find(struct place *place, int parent, struct fault *fault)
{
	struct stat st;

	*place = (struct place){ .parent = parent, .dir = -EBADF, .next_id = 1 };
	if (fstat(parent, &st) < 0)
		return fault_at(fault, -errno, "inspect the place for staging", NULL);
	place->device = st.st_dev;
	return 0;
}

/* One step up, or -EXDEV where that leaves the mount, or -ELOOP at the root of everything. */
static int climb(int fd)
{
	auto_close int up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statx here, there;

	if (up < 0)
		return -errno;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &here) < 0 ||
	    statx(up, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &there) < 0)
		return -errno;
	if (here.stx_mnt_id != there.stx_mnt_id)
		return -EXDEV;
	if (here.stx_ino == there.stx_ino)
		return -ELOOP;
	return take_fd(&up);
}

int place_top(int directory, struct fault *fault)
{
	auto_close int at = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int steps;

	if (at < 0)
		return fault_at(fault, -errno, "open the lower layer", NULL);
	for (steps = 0; steps < CLIMB_MAX; steps++) {
		int up = climb(at);

		if (up == -EXDEV || up == -ELOOP)
			return take_fd(&at);
		if (up < 0)
			return fault_at(fault, up, "find the root of the lower layer's mount",
					NULL);
		fd_close(&at);
		at = up;
	}
	return fault_at(fault, -ELOOP, "find the root of the lower layer's mount", NULL);
}

const char *place_name(char letter, uint64_t id, char *name)
{
	(void)snprintf(name, PLACE_NAME_MAX, "%c%" PRIu64, letter, id);
	return name;
}

/* A directory of that name that somebody else may write to is not ours. */
static int is_ours(int dir)
{
	struct stat st;

	if (fstat(dir, &st) < 0)
		return -errno;
	return st.st_uid == 0 && (st.st_mode & 07777) == 0700 ? 0 : -EPERM;
}

static int open_ours(const struct place *place)
{
	auto_close int dir =
		open_walk(place->parent, STAGING_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	int r = dir < 0 ? dir : is_ours(dir);

	return r < 0 ? r : take_fd(&dir);
}

static int open_or_make(struct place *place, bool *ret_made)
{
	bool made = mkdirat(place->parent, STAGING_NAME, 0700) == 0;
	auto_close int dir = -EBADF;

	if (!made && errno != EEXIST)
		return -errno;
	*ret_made = made;
	/* A parent with the setgid bit hands it on, and with it its group to all that is staged. */
	if (made) {
		dir = open_walk(place->parent, STAGING_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
				0);
		if (dir < 0)
			return dir;
		if (fchown(dir, 0, 0) < 0 || fchmod(dir, 0700) < 0)
			return -errno;
	}
	return open_ours(place);
}

/* All that publishing will ask of the file system, asked where it harms nobody. */
static int try_renames(int dir)
{
	if (mkdirat(dir, "try1", 0700) < 0 || mknodat(dir, "try2", S_IFREG | 0600, 0) < 0)
		return -errno;
	if (renameat2(dir, "try1", dir, "try2", RENAME_EXCHANGE) < 0 ||
	    renameat2(dir, "try1", dir, "try3", RENAME_NOREPLACE) < 0)
		return errno == EINVAL ? -EOPNOTSUPP : -errno;
	if (unlinkat(dir, "try3", 0) < 0 || unlinkat(dir, "try2", AT_REMOVEDIR) < 0)
		return -errno;
	return 0;
}

/* Flags are given back when nothing is left that has to be removed. Returns how many were kept. */
static int empty(const struct place *place)
{
	int kept = sweep_all(place->dir, place->keep, place->keep_data);
	int r = kept < 0 ? kept : flags_restore(place->dir);

	return r < 0 ? r : kept;
}

static void remember_times(struct place *place)
{
	struct stat st;

	if (fstat(place->parent, &st) < 0)
		return;
	place->before[0] = st.st_atim;
	place->before[1] = st.st_mtim;
}

static struct timespec mtime_of(int fd)
{
	struct stat st = { 0 };

	(void)fstat(fd, &st); /* only compared: a zero time is nobody's */
	return st.st_mtim;
}

/* What another merge holds is left alone, also its name. */
static int lock(struct place *place, struct fault *fault)
{
	int r;

	if (flock(place->dir, LOCK_EX | LOCK_NB) == 0)
		return 0;
	r = errno == EWOULDBLOCK ? -EBUSY : -errno;
	fd_close(&place->dir);
	return fault_because(fault, r, "lock the staging directory", STAGING_NAME,
			     "another merge is using it");
}

/* As if we had not been there, unless somebody else changed the directory meanwhile. */
static void restore_times(const struct place *place, const struct timespec *seen)
{
	if (seen->tv_sec != place->after.tv_sec || seen->tv_nsec != place->after.tv_nsec)
		return;
	(void)futimens(place->parent, place->before); /* cosmetic: nothing depends on it */
}

/* A directory that we made and cannot use. Empty, or somebody else has taken it over by now. */
static void unmake(const struct place *place)
{
	struct timespec seen = mtime_of(place->parent);

	if (unlinkat(place->parent, STAGING_NAME, AT_REMOVEDIR) == 0)
		restore_times(place, &seen);
}

int place_make(struct place *place, struct fault *fault)
{
	bool made = false;
	int r;

	remember_times(place);
	place->dir = open_or_make(place, &made);
	place->after = mtime_of(place->parent);
	r = place->dir < 0 ? fault_at(fault, place->dir, "make the staging directory", STAGING_NAME)
			   : lock(place, fault);
	if (r < 0 && made && r != -EBUSY)
		unmake(place);
	if (r < 0)
		return r;
	r = empty(place);
	if (r < 0)
		return fault_at(fault, r, "empty the staging directory", STAGING_NAME);
	r = try_renames(place->dir);
	if (r < 0)
		return fault_because(fault, r, "rename in the staging directory", STAGING_NAME,
				     "the file system has to exchange two names in one step");
	return 0;
}

int place_remove(struct place *place, struct fault *fault)
{
	struct timespec seen;
	int r;

	if (place->dir < 0)
		return 0;
	r = empty(place);
	if (r < 0)
		return fault_at(fault, r, "empty the staging directory", STAGING_NAME);
	if (r > 0)
		return 0;
	seen = mtime_of(place->parent);
	if (unlinkat(place->parent, STAGING_NAME, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fault_at(fault, -errno, "remove the staging directory", STAGING_NAME);
	restore_times(place, &seen);
	fd_close(&place->dir);
	return 0;
}

void place_close(struct place *place)
{
	fd_close(&place->dir);
	fd_close(&place->parent);
}
