/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying one object. The order is owner, mode, attributes, times: a change of owner clears setuid
 * and capabilities, a change of mode changes an ACL, and each of them could change a time.
 */
#include "config.h"

#include "merge/copy.h"
#include "merge/bulk.h"
#include "merge/flags.h"
#include "merge/note.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* No block of a disk is larger than a page. The window is mapped, so it counts as our memory. */
#define DIRECT_ALIGN 4096
#define DIRECT_WINDOW ((off_t)4 * 1024 * 1024)

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

	if (!copier->no_range || copier->is_within) {
		off_t in = at, out = at;

		n = copy_file_range(from, &in, to, &out, size, 0);
		if (n > 0)
			return n;
		/* Since Linux 5.19 EXDEV between file systems of two types, as tmpfs and a disk's. */
		copier->no_range = copier->no_range || !copier->is_within;
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

/*
 * The disk takes the pages of the upper layer as they are: nothing is copied in memory, and neither
 * does the page cache fill up with what programs have in RAM already. The kernel reads the mapping,
 * we do not, so that a file which shrinks is an error and no SIGBUS. Returns how far it came: what
 * is wrong with the rest, the ordinary way will say.
 */
static off_t copy_direct(int from, int to, off_t at, off_t end)
{
	int flags = fcntl(to, F_GETFL);

	end -= end % DIRECT_ALIGN;
	if (flags < 0 || at % DIRECT_ALIGN || fcntl(to, F_SETFL, flags | O_DIRECT) < 0)
		return at;
	while (at < end) {
		size_t size = end - at < DIRECT_WINDOW ? (size_t)(end - at) : DIRECT_WINDOW;
		void *data = mmap(NULL, size, PROT_READ, MAP_SHARED, from, at);
		ssize_t n;

		if (data == MAP_FAILED)
			break;
		n = pwrite(to, data, size, at);
		(void)munmap(data, size);
		if (n <= 0)
			break;
		at += n;
		if (n % DIRECT_ALIGN)
			break;
	}
	(void)fcntl(to, F_SETFL, flags); /* it had these before */
	return at;
}

static int copy_extent(struct copier *copier, int from, int to, off_t at, off_t end)
{
	if (copier->is_direct && copier->no_range && end - at >= BULK_MIN) {
		off_t reached = copy_direct(from, to, at, end);

		copier->bytes += (uint64_t)(reached - at);
		at = reached;
	}
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

/* What is right from birth is not written: each change of an inode is work for the journal. */
static int copy_attributes(struct copier *copier, const struct copy_job *job)
{
	const struct stat *st = &job->st;
	struct stat now;

	if (fstat(job->to, &now) < 0)
		return failed(copier, "inspect the staged copy of", -errno);
	if (now.st_uid != st->st_uid || now.st_gid != st->st_gid) {
		if (fchown(job->to, st->st_uid, st->st_gid) < 0)
			return failed(copier, "set the owner of the staged copy of", -errno);
		now.st_mode &= ~(mode_t)(S_ISUID | S_ISGID); /* chown takes them away */
	}
	if (now.st_mode != st->st_mode && fchmod(job->to, st->st_mode & 07777) < 0)
		return failed(copier, "set the mode of the staged copy of", -errno);
	return 0;
}

/* That of the lower file that it is a metacopy of: on XFS and btrfs nothing is written for it. */
static int copy_lower_data(struct copier *copier, const struct copy_job *job)
{
	struct stat st;
	int r;

	if (fstat(job->data, &st) < 0)
		return failed(copier, "inspect the lower layer's data of", -errno);
	if (!S_ISREG(st.st_mode))
		return failed(copier, "open the lower layer's data of", -ESTALE);
	copier->is_within = true;
	r = copy_data(copier, job->data, job->to, st.st_size, st.st_blocks * 512 < st.st_size);
	copier->is_within = false;
	return r;
}

int copy_contents(struct copier *copier, const struct copy_job *job)
{
	const struct stat *st = &job->st;
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	int r = job->data < 0 ? copy_data(copier, job->from, job->to, st->st_size,
					  st->st_blocks * 512 < st->st_size)
			      : copy_lower_data(copier, job);

	if (r == 0)
		r = copy_attributes(copier, job);
	if (r < 0)
		return r;
	r = job->has_xattrs ? xattrs_copy(job->from, job->to, &copier->xattrs) : 0;
	if (r < 0)
		return failed(copier, "set the extended attributes of the staged copy of", r);
	if (futimens(job->to, times) < 0)
		return failed(copier, "set the times of the staged copy of", -errno);
	return 0;
}

/* btrfs has the sum of what a page was when it looked; programs may change it meanwhile. */
static bool is_for_thread(int to, const struct stat *st)
{
	struct statfs fs;

	return st->st_size >= BULK_MIN && fstatfs(to, &fs) == 0 && fs.f_type != BTRFS_SUPER_MAGIC;
}

/* What is not to be seen of the object through the overlay, and belongs to it on the disk. */
static int copy_hidden(struct copier *copier, int from, int to, int lower)
{
	int r = flags_carry(from, lower, to);

	if (r < 0)
		return failed(copier, "set the flags of the staged copy of", r);
	if (lower < 0)
		return 0;
	r = xattrs_copy_hidden(lower, to, &copier->xattrs);
	return r < 0 ? failed(copier, "set the extended attributes of the staged copy of", r) : 0;
}

/* Takes *from where it is still needed. Nobody but root gets to what stands at to_name yet. */
static int copy_regular(struct copier *copier, int *from, const struct stat *st,
			const struct copy_parts *parts, int to_dir, const char *to_name)
{
	const mode_t mode = st->st_uid == 0 ? st->st_mode & 0777 : 0600;
	auto_close int data = -EBADF;
	auto_close int to =
		openat(to_dir, to_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	struct copy_job job = { *from, -EBADF, to, *st, parts->has_xattrs, copier->who };
	int r;

	if (to < 0)
		return failed(copier, "make the staged copy of", -errno);
	r = copy_hidden(copier, *from, to, parts->lower); /* btrfs: NOCOW only while it is empty */
	if (r < 0)
		return r;
	if (parts->data_dir >= 0) {
		data = open_walk(parts->data_dir, parts->data_name,
				 O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
		if (data < 0)
			return failed(copier, "open the lower layer's data of", data);
		job.data = data;
	}
	if (data >= 0 || !is_for_thread(to, st) || !bulk_take(copier, &job))
		return copy_contents(copier, &job);
	(void)take_fd(from);
	(void)take_fd(&to);
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
static int open_object(int dir, const char *name, uint64_t ino, mode_t type,
		       const struct change *expected, struct stat *ret_st)
{
	const int flags = S_ISREG(type) ? O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME
					: O_PATH | O_NOFOLLOW;
	auto_close int fd = open_walk(dir, name, flags, 0);
	struct stamp stamp;
	struct stat st;

	/* ELOOP, ENXIO: a symbolic link or a socket by now. */
	if (fd == -ENOENT || (S_ISREG(type) && (fd == -ELOOP || fd == -ENXIO)))
		return -ESTALE;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & S_IFMT) != (type & S_IFMT))
		return -ESTALE;
	stamp = note_stamp(&st);
	if (expected ? !has_stamp(expected, &stamp) : st.st_ino != ino)
		return -ESTALE;
	*ret_st = st;
	return take_fd(&fd);
}

int copy_object(struct copier *copier, int from_dir, const char *name, uint64_t ino, mode_t type,
		const struct copy_parts *parts, int to_dir, const char *to_name)
{
	struct stat st = { 0 };
	auto_close int from = open_object(from_dir, name, ino, type, parts->expected, &st);

	if (from < 0)
		return failed(copier, "open the upper layer's", from);
	if (S_ISREG(st.st_mode))
		return copy_regular(copier, &from, &st, parts, to_dir, to_name);
	return copy_special(copier, from, &st, to_dir, to_name);
}

/* A file's setuid bit must not meet its new owner, nor an old mode a new group. */
static int change_owner(struct copier *copier, int to, const struct stat *have,
			const struct stat *want)
{
	mode_t both = have->st_mode & want->st_mode & 0777;

	if (!S_ISDIR(have->st_mode) && fchmod(to, both) < 0)
		return failed(copier, "set the mode of", -errno);
	if (fchown(to, want->st_uid, want->st_gid) < 0)
		return failed(copier, "set the owner of", -errno);
	return 0;
}

int copy_directory(struct copier *copier, int from, int to, bool fresh)
{
	struct stat want, have;
	bool is_owned;
	int r;

	if (fstat(from, &want) < 0 || fstat(to, &have) < 0)
		return failed(copier, "inspect", -errno);
	is_owned = want.st_uid == have.st_uid && want.st_gid == have.st_gid;
	r = is_owned ? 0 : change_owner(copier, to, &have, &want);
	if (r < 0)
		return r;
	if ((!is_owned || want.st_mode != have.st_mode) && fchmod(to, want.st_mode & 07777) < 0)
		return failed(copier, "set the mode of", -errno);
	r = fresh ? xattrs_copy(from, to, &copier->xattrs)
		  : xattrs_mirror(from, to, &copier->xattrs);
	if (r < 0)
		return failed(copier, "set the extended attributes of", r);
	r = flags_carry(from, -EBADF, to);
	return r < 0 ? failed(copier, "set the flags of", r) : 0;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

int copy_times(struct copier *copier, int from, int to)
{
	struct stat want, have;

	if (fstat(from, &want) < 0 || fstat(to, &have) < 0)
		return failed(copier, "inspect", -errno);
	if (!is_same_time(&want.st_atim, &have.st_atim) ||
	    !is_same_time(&want.st_mtim, &have.st_mtim)) {
		const struct timespec times[2] = { want.st_atim, want.st_mtim };

		if (futimens(to, times) < 0)
			return failed(copier, "set the times of", -errno);
	}
	return 0;
}
