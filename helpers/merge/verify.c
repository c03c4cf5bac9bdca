/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading back. */
#include "config.h"

#include "merge/verify.h"
#include "merge/leaf.h"
#include "merge/note.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What O_DIRECT asks of place and length: no block of a disk is larger than a page. */
#define ALIGN 4096
#define PIECE (256 * 1024)

struct verify {
	const struct place *place;
	char *upper; /* of PIECE */
	char *copy;
	bool is_live;
};

struct level {
	struct change *change;
	int upper;
	int copy; /* -EBADF where the lower directory is entered */
};

__attribute__((noinline)) static int failed(const struct change *change, int error, const char *why,
					    struct fault *fault)
{
	char path[FAULT_OBJECT_MAX];

	return fault_because(fault, error, "read back the staged copy of",
			     tree_path(change, NULL, path, sizeof(path)), why);
}

/* Where O_DIRECT is not to be had, the pages are clean after the sync, and let go when asked to. */
static int open_copy(int dir, const char *name)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME;
	int fd = open_walk(dir, name, flags | O_DIRECT, 0);

	if (fd != -EINVAL)
		return fd;
	fd = open_walk(dir, name, flags, 0);
	if (fd >= 0)
		(void)posix_fadvise(fd, 0, 0,
				    POSIX_FADV_DONTNEED); /* then it is the cache's word */
	return fd;
}

/* Reads as much as there is, at most a piece. */
static ssize_t read_piece(int fd, char *buffer, off_t at)
{
	size_t used = 0;

	while (used < PIECE) {
		ssize_t n = pread(fd, buffer + used, PIECE - used, at + (off_t)used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
		if (used % ALIGN)
			break; /* the end, and no place for another direct read */
	}
	return (ssize_t)used;
}

static off_t next_data(int fd, off_t at, off_t size)
{
	off_t data = lseek(fd, at, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? size : at;
	return data - data % ALIGN > at ? data - data % ALIGN : at;
}

/* 0, or -EIO where they differ. What is a hole in both is not read. */
static int compare_data(struct verify *verify, int upper, int copy, off_t size)
{
	off_t at = 0;

	while (at < size) {
		off_t in_copy = next_data(copy, at, size);
		ssize_t n, m;

		at = next_data(upper, at, size);
		if (in_copy < at)
			at = in_copy;
		if (at >= size)
			break;
		n = read_piece(upper, verify->upper, at);
		m = read_piece(copy, verify->copy, at);
		if (n < 0 || m < 0)
			return (int)(n < 0 ? n : m);
		if (n != m || n == 0 || memcmp(verify->upper, verify->copy, (size_t)n) != 0)
			return -EIO;
		at += n;
	}
	return 0;
}

/*
 * As far as the disk's file system can hold it: inodes of 128 bytes have no nanoseconds, and no file
 * system has all years (ext4 until 2446, XFS without bigtime until 2038).
 */
static bool is_held(const struct timespec *wanted, const struct timespec *held)
{
	if (wanted->tv_sec < INT32_MIN || wanted->tv_sec > INT32_MAX)
		return true;
	return wanted->tv_sec == held->tv_sec &&
	       (wanted->tv_nsec == held->tv_nsec || !held->tv_nsec);
}

static int compare(struct verify *verify, int upper, int copy)
{
	struct stat a, b;

	if (fstat(upper, &a) < 0 || fstat(copy, &b) < 0)
		return -errno;
	if (a.st_size != b.st_size || a.st_mode != b.st_mode || a.st_uid != b.st_uid ||
	    a.st_gid != b.st_gid || !is_held(&a.st_mtim, &b.st_mtim))
		return -EIO;
	return compare_data(verify, upper, copy, a.st_size);
}

/* Is the upper layer's object what was staged? A stamp that is too young proves nothing. */
static bool has_changed(const struct change *change, int upper)
{
	struct stat st;
	struct stamp now;

	if (upper < 0 || fstat(upper, &st) < 0)
		return true;
	now = note_stamp(&st);
	return !change->certain || !has_stamp(change, &now);
}

static int verify_file(struct verify *verify, const struct level *at, struct change *change,
		       struct fault *fault)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME;
	char name[PLACE_NAME_MAX];
	bool is_inside = change->kind == CHANGE_INSIDE;
	auto_close int upper = open_walk(at->upper, change->name, flags, 0);
	auto_close int copy =
		is_inside ? open_copy(at->copy, change->name)
			  : open_copy(verify->place->dir, place_name('s', change->id, name));
	int r = upper < 0 ? upper : copy;

	if (r >= 0)
		r = compare(verify, upper, copy);
	if (r >= 0)
		return 0;
	if (verify->is_live && copy >= 0 && has_changed(change, upper)) {
		change->certain = false; /* the next scan looks again */
		return 0;
	}
	return failed(change, r, r == -EIO ? "the disk does not hold what was written" : NULL,
		      fault);
}

static int verify_below(struct verify *verify, const struct level *at, struct fault *fault);

static int verify_directory(struct verify *verify, const struct level *at, struct change *change,
			    struct fault *fault)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
	char name[PLACE_NAME_MAX];
	auto_close int upper = open_walk(at->upper, change->name, flags, 0);
	auto_close int copy = -EBADF;
	struct level below = { change, upper, -EBADF };

	if (upper < 0)
		return verify->is_live ? 0 : failed(change, upper, NULL, fault);
	if (change->kind == CHANGE_INSIDE)
		copy = open_walk(at->copy, change->name, flags, 0);
	else if (change->kind == CHANGE_PLACE)
		copy = open_walk(verify->place->dir, place_name('s', change->id, name), flags, 0);
	if (copy < 0 && change->kind != CHANGE_ENTER)
		return failed(change, copy, NULL, fault);
	below.copy = copy;
	return verify_below(verify, &below, fault);
}

static int verify_child(struct verify *verify, const struct level *at, struct change *child,
			struct fault *fault)
{
	int r = 0;

	if (!child->unread)
		return 0;
	if (S_ISDIR(child->stamp.mode) && child->kind != CHANGE_DELETE)
		r = verify_directory(verify, at, child, fault);
	else if (S_ISREG(child->stamp.mode) && !child->wanted)
		r = verify_file(verify, at, child, fault);
	if (r == 0)
		child->unread = false;
	return r;
}

static int verify_below(struct verify *verify, const struct level *at, struct fault *fault)
{
	struct leaf_walk leaves;
	struct change *child;
	int r = 0;

	for (child = at->change->children; r == 0 && child; child = child->next)
		r = verify_child(verify, at, child, fault);
	for (child = leaf_first(&leaves, at->change); r == 0 && child; child = leaf_next(&leaves))
		r = verify_child(verify, at, child, fault);
	return r;
}

int verify_layer(const struct place *place, struct layer *layer, bool is_live, struct fault *fault)
{
	struct level root = { layer->tree.root, layer->upper, -EBADF };
	auto_free char *buffers = aligned_alloc(ALIGN, 2 * PIECE);
	struct verify verify = { place, buffers, buffers + PIECE, is_live };

	if (!buffers)
		return failed(root.change, -ENOMEM, NULL, fault);
	return verify_below(&verify, &root, fault);
}
