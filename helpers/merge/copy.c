/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying one object. The order is owner, mode, attributes, times: a change of owner clears setuid
 * and capabilities, a change of mode changes an ACL, and each of them could change a time.
 */
#include "config.h"

#include "merge/copy.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(struct copier *copier, const char *step, int error)
{
	copier->step = step;
	return error;
}

static int write_all(int fd, const char *data, size_t size, off_t at)
{
	while (size) {
		ssize_t n = pwrite(fd, data, size, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
		at += n;
	}
	return 0;
}

/* Returns how much was copied: less than size where the file ends (it may shrink meanwhile). */
static ssize_t copy_piece(struct copier *copier, int from, int to, off_t at, size_t size)
{
	ssize_t n;
	int r;

	if (!copier->no_range) {
		off_t in = at, out = at;

		n = copy_file_range(from, &in, to, &out, size, 0);
		if (n > 0)
			return n;
		/* Since Linux 5.19 EXDEV between file systems of two types, as tmpfs and a disk's. */
		copier->no_range = true;
	}
	if (size > sizeof(copier->data))
		size = sizeof(copier->data);
	do
		n = pread(from, copier->data, size, at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return failed(copier, "read the upper layer's", -errno);
	r = write_all(to, copier->data, (size_t)n, at);
	return r < 0 ? failed(copier, "write the staged copy of", r) : n;
}

static int copy_extent(struct copier *copier, int from, int to, off_t at, off_t end)
{
	while (at < end) {
		ssize_t n = copy_piece(copier, from, to, at, (size_t)(end - at));

		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		at += n;
		copier->bytes += (uint64_t)n;
	}
	return 0;
}

static int copy_data(struct copier *copier, int from, int to, off_t size, bool has_holes)
{
	off_t data = 0, hole;
	int r;

	if (!has_holes)
		return copy_extent(copier, from, to, 0, size);
	while (data < size) {
		data = lseek(from, data, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break; /* a hole up to the end */
		if (data < 0)
			return failed(copier, "read the upper layer's", -errno);
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0)
			return failed(copier, "read the upper layer's", -errno);
		r = copy_extent(copier, from, to, data, hole);
		if (r < 0)
			return r;
		data = hole;
	}
	if (ftruncate(to, size) < 0)
		return failed(copier, "write the staged copy of", -errno);
	return 0;
}

static int copy_regular(struct copier *copier, int from, const struct stat *st, int to_dir,
			const char *to_name)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	auto_close int to =
		openat(to_dir, to_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (to < 0)
		return failed(copier, "make the staged copy of", -errno);
	r = copy_data(copier, from, to, st->st_size, st->st_blocks * 512 < st->st_size);
	if (r < 0)
		return r;
	if (fchown(to, st->st_uid, st->st_gid) < 0)
		return failed(copier, "set the owner of the staged copy of", -errno);
	if (fchmod(to, st->st_mode & 07777) < 0)
		return failed(copier, "set the mode of the staged copy of", -errno);
	r = xattrs_copy(from, to, &copier->xattrs);
	if (r < 0)
		return failed(copier, "set the extended attributes of the staged copy of", r);
	if (futimens(to, times) < 0)
		return failed(copier, "set the times of the staged copy of", -errno);
	return 0;
}

static int make_link(struct copier *copier, int from, int to_dir, const char *to_name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, "", target, sizeof(target) - 1);

	if (n < 0)
		return failed(copier, "read the upper layer's", -errno);
	target[n] = '\0';
	if (symlinkat(target, to_dir, to_name) < 0)
		return failed(copier, "make the staged copy of", -errno);
	return 0;
}

/* Symbolic links, FIFOs, devices; a socket comes out as what it is once nobody listens. */
static int copy_special(struct copier *copier, int from, const struct stat *st, int to_dir,
			const char *to_name)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	auto_close int to = -EBADF;
	int r;

	if (S_ISLNK(st->st_mode)) {
		r = make_link(copier, from, to_dir, to_name);
		if (r < 0)
			return r;
	} else if (mknodat(to_dir, to_name, (st->st_mode & S_IFMT) | 0600, st->st_rdev) < 0) {
		return failed(copier, "make the staged copy of", -errno);
	}
	to = openat(to_dir, to_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return failed(copier, "open the staged copy of", -errno);
	if (fchownat(to_dir, to_name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(copier, "set the owner of the staged copy of", -errno);
	if (!S_ISLNK(st->st_mode) && fchmodat(to_dir, to_name, st->st_mode & 07777, 0) < 0)
		return failed(copier, "set the mode of the staged copy of", -errno);
	r = xattrs_copy(from, to, &copier->xattrs);
	if (r < 0)
		return failed(copier, "set the extended attributes of the staged copy of", r);
	if (utimensat(to_dir, to_name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(copier, "set the times of the staged copy of", -errno);
	return 0;
}

/*
 * Opens a regular file for reading, anything else without opening it really: a FIFO would wait for
 * its writer, a device may do something. O_NONBLOCK for what changed its type since.
 */
static int open_object(int dir, const char *name, uint64_t ino, struct stat *ret_st)
{
	auto_close int fd = -EBADF;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? -ESTALE : -errno;
	if (S_ISREG(st.st_mode))
		fd = open_walk(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME, 0);
	else
		fd = open_walk(dir, name, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd == -ENOENT ? -ESTALE : fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_ino != ino)
		return -ESTALE;
	*ret_st = st;
	return take_fd(&fd);
}

int copy_object(struct copier *copier, int from_dir, const char *name, uint64_t ino, int to_dir,
		const char *to_name)
{
	struct stat st = { 0 };
	auto_close int from = open_object(from_dir, name, ino, &st);

	if (from < 0)
		return failed(copier, "open the upper layer's", from);
	if (S_ISREG(st.st_mode))
		return copy_regular(copier, from, &st, to_dir, to_name);
	return copy_special(copier, from, &st, to_dir, to_name);
}

int copy_directory(struct copier *copier, int from, int to, bool fresh)
{
	struct stat want, have;
	int r;

	if (fstat(from, &want) < 0 || fstat(to, &have) < 0)
		return failed(copier, "inspect the directory", -errno);
	if ((want.st_uid != have.st_uid || want.st_gid != have.st_gid) &&
	    fchown(to, want.st_uid, want.st_gid) < 0)
		return failed(copier, "set the owner of the directory", -errno);
	if (want.st_mode != have.st_mode && fchmod(to, want.st_mode & 07777) < 0)
		return failed(copier, "set the mode of the directory", -errno);
	r = fresh ? xattrs_copy(from, to, &copier->xattrs)
		  : xattrs_mirror(from, to, &copier->xattrs);
	return r < 0 ? failed(copier, "set the extended attributes of the directory", r) : 0;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

int copy_times(struct copier *copier, int from, int to)
{
	struct stat want, have;

	if (fstat(from, &want) < 0 || fstat(to, &have) < 0)
		return failed(copier, "inspect the directory", -errno);
	if (!is_same_time(&want.st_atim, &have.st_atim) ||
	    !is_same_time(&want.st_mtim, &have.st_mtim)) {
		const struct timespec times[2] = { want.st_atim, want.st_mtim };

		if (futimens(to, times) < 0)
			return failed(copier, "set the times of the directory", -errno);
	}
	return 0;
}
