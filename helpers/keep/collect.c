/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a boot has written below /var/log while that is RAM. */
#include "config.h"

#include "keep/collect.h"
#include "common/fd.h"
#include "common/openat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Deeper than any log. */
#define DEPTH_MAX 8
/* So much of the beginning tells a log that goes on from one that was written anew. */
#define BEGINNING 4096

/* --- collecting */

struct walk {
	int lower;
	struct pack *pack;
	bool wants_main; /* the system's log, or everything else */
};

/* Debian's name and Red Hat's. */
static bool is_main(const char *path)
{
	return strcmp(path, "syslog") == 0 || strcmp(path, "messages") == 0;
}

static bool has_bytes(int fd, const char *bytes, size_t length, uint64_t at)
{
	char there[BEGINNING];

	while (length) {
		size_t part = length < sizeof(there) ? length : sizeof(there);

		if (pread(fd, there, part, (off_t)at) != (ssize_t)part ||
		    memcmp(there, bytes, part) != 0)
			return false;
		bytes += part;
		at += part;
		length -= part;
	}
	return true;
}

/* How much of the file does the disk have: all that it has there, or nothing where it is another one. */
static uint64_t find_base(const struct walk *walk, int upper, uint64_t upper_size, const char *path)
{
	auto_close int fd = open_walk(walk->lower, path, O_RDONLY | O_NONBLOCK, 0);
	char beginning[BEGINNING];
	struct stat st;
	size_t length;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size > upper_size)
		return 0;
	length = (size_t)st.st_size < sizeof(beginning) ? (size_t)st.st_size : sizeof(beginning);
	if (pread(upper, beginning, length, 0) != (ssize_t)length ||
	    !has_bytes(fd, beginning, length, 0))
		return 0;
	return (uint64_t)st.st_size;
}

static void pack_one(const struct walk *walk, int fd, const struct stat *st, const char *path)
{
	struct pack_file file = { .mode = st->st_mode & 07777,
				  .uid = st->st_uid,
				  .gid = st->st_gid };
	size_t before = walk->pack->length;
	char *bytes;

	if (strlen(path) >= sizeof(file.path))
		return;
	(void)snprintf(file.path, sizeof(file.path), "%s", path);
	file.base = find_base(walk, fd, (uint64_t)st->st_size, path);
	file.length = (size_t)((uint64_t)st->st_size - file.base);
	bytes = file.length ? pack_add(walk->pack, &file) : NULL;
	if (bytes && pread(fd, bytes, file.length, (off_t)file.base) != (ssize_t)file.length)
		walk->pack->length = before; /* it was cut this instant: the next time */
}

static int walk_directory(const struct walk *walk, int dirfd, const char *path, unsigned int depth);

static int walk_name(const struct walk *walk, int dirfd, const char *name, const char *path,
		     unsigned int depth)
{
	auto_close int fd = open_walk(dirfd, name, O_PATH | O_NOFOLLOW, 0);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return 0; /* gone meanwhile */
	if (S_ISDIR(st.st_mode)) {
		auto_close int dir = open_walk(dirfd, name, O_RDONLY | O_DIRECTORY, 0);

		return dir < 0 ? 0 : walk_directory(walk, dir, path, depth + 1);
	}
	if (S_ISREG(st.st_mode) && is_main(path) == walk->wants_main) {
		auto_close int file = open_walk(dirfd, name, O_RDONLY | O_NONBLOCK, 0);

		if (file >= 0)
			pack_one(walk, file, &st, path);
	}
	return 0;
}

static int walk_directory(const struct walk *walk, int dirfd, const char *path, unsigned int depth)
{
	int own = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	auto_closedir DIR *dir = own < 0 ? NULL : fdopendir(own);
	char below[PACK_PATH_MAX];
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	rewinddir(dir); /* the second walk shares its place with the first */
	while (r == 0 && depth < DEPTH_MAX && (entry = readdir(dir))) {
		int n;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		n = snprintf(below, sizeof(below), "%s%s%s", path, *path ? "/" : "", entry->d_name);
		if (n > 0 && (size_t)n < sizeof(below))
			r = walk_name(walk, dirfd, entry->d_name, below, depth);
	}
	return r;
}

int collect(int upper, int lower, struct pack *pack, struct fault *fault)
{
	struct walk walk = { .lower = lower, .pack = pack, .wants_main = true };
	int r;

	pack->length = 0;
	r = walk_directory(&walk, upper, "", 0);
	walk.wants_main = false;
	if (r == 0)
		r = walk_directory(&walk, upper, "", 0);
	return r < 0 ? fault_at(fault, r, "read", "the RAM layer's /var/log") : 0;
}

/* --- putting back */

static int write_all(int fd, const char *bytes, size_t length, uint64_t at)
{
	while (length) {
		ssize_t n = pwrite(fd, bytes, length, (off_t)at);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			bytes += n;
			at += (uint64_t)n;
			length -= (size_t)n;
		}
	}
	return 0;
}

/*
 * The folder of the file, made where there is none, and the file's name in it. Step by step: whose
 * folder it is may have put a link into it since. The caller owns what is returned, or -errno.
 */
static int open_parent(int log, const char *path, const char **ret_name)
{
	auto_close int dir = openat(log, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *slash;

	if (dir < 0)
		return -errno;
	for (; (slash = strchr(path, '/')); path = slash + 1) {
		char part[PACK_PATH_MAX];
		int below;

		(void)snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdirat(dir, part, 0755) < 0 && errno != EEXIST)
			return -errno;
		below = open_walk(dir, part, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
		if (below < 0)
			return below;
		fd_close(&dir);
		dir = below;
	}
	*ret_name = path;
	return take_fd(&dir);
}

static int write_new(int log, const struct pack_file *file, const char *path, const char *bytes)
{
	const char *name = NULL;
	auto_close int dir = open_parent(log, path, &name);
	auto_close int fd = -EBADF;
	int r;

	if (dir < 0)
		return dir;
	fd = open_walk(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return fd;
	r = write_all(fd, bytes, file->length, 0);
	if (r < 0)
		return r;
	if (fchown(fd, file->uid, file->gid) < 0 || fchmod(fd, file->mode) < 0)
		return -errno;
	return 0;
}

/* 0: it is there now, or was. -EEXIST: the file is another one. */
static int put_into(int fd, const struct pack_file *file, const char *bytes)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EEXIST;
	if (has_bytes(fd, bytes, file->length, file->base))
		return 0;
	if (!file->base || (uint64_t)st.st_size != file->base)
		return -EEXIST;
	return write_all(fd, bytes, file->length, file->base);
}

int collect_put_back(int log, const struct pack_file *file, const char *bytes, struct fault *fault)
{
	auto_close int fd = open_walk(log, file->path, O_RDWR | O_NONBLOCK | O_NOFOLLOW, 0);
	char beside[PACK_PATH_MAX + sizeof(KEPT_SUFFIX)];
	int r = -EEXIST;

	(void)snprintf(beside, sizeof(beside), "%s" KEPT_SUFFIX, file->path);
	if (fd >= 0)
		r = put_into(fd, file, bytes);
	else if (fd == -ENOENT)
		r = write_new(log, file, file->base ? beside : file->path, bytes);
	if (r == -EEXIST)
		r = write_new(log, file, beside, bytes);
	return r < 0 ? fault_at(fault, r, "put back", file->path) : 0;
}
