/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files without a name, copied to the disk. */
#include "config.h"

#include "hold/orphan.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define CHUNK (256 * 1024)

static int copy_bytes(int from, int to, off_t start, off_t end, char *buffer)
{
	while (start < end) {
		size_t want = end - start < CHUNK ? (size_t)(end - start) : CHUNK;
		ssize_t n = pread(from, buffer, want, start);

		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO; /* nobody can shorten it while the gate is closed */
		if (pwrite(to, buffer, (size_t)n, start) != n)
			return errno ? -errno : -EIO;
		start += n;
	}
	return 0;
}

/* Only what has data: a hole stays one. */
static int copy_data(int from, int to, off_t size)
{
	auto_free char *buffer = malloc(CHUNK);
	off_t data = 0, hole;
	int r = 0;

	if (!buffer)
		return -ENOMEM;
	if (ftruncate(to, size) < 0)
		return -errno;
	while (r == 0 && data < size) {
		data = lseek(from, data, SEEK_DATA);
		if (data < 0)
			return errno == ENXIO ? 0 : -errno;
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0)
			return -errno;
		errno = 0; /* a short write does not set it */
		r = copy_bytes(from, to, data, hole, buffer);
		data = hole;
	}
	return r;
}

static int copy_xattr(int from, int to, const char *name)
{
	ssize_t size = fgetxattr(from, name, NULL, 0);
	auto_free char *value = NULL;

	if (size < 0)
		return -errno;
	value = malloc((size_t)size + 1);
	if (!value)
		return -ENOMEM;
	size = fgetxattr(from, name, value, (size_t)size);
	if (size < 0 || fsetxattr(to, name, value, (size_t)size, 0) < 0)
		return -errno;
	return 0;
}

static int copy_xattrs(int from, int to)
{
	ssize_t size = flistxattr(from, NULL, 0);
	auto_free char *names = NULL;
	const char *name;
	int r = 0;

	if (size < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	names = malloc((size_t)size + 1);
	if (!names)
		return -ENOMEM;
	size = flistxattr(from, names, (size_t)size);
	if (size < 0)
		return -errno;
	for (name = names; name < names + size && r == 0; name += strlen(name) + 1)
		r = copy_xattr(from, to, name);
	return r;
}

int orphan_copy(const struct hold *hold, int from, int directory)
{
	auto_close int source = view_reopen(hold, from, O_RDONLY);
	auto_close int to = -EBADF;
	struct stat st;
	int r;

	if (source < 0)
		return source;
	if (fstat(source, &st) < 0)
		return -errno;
	to = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	r = copy_data(source, to, st.st_size);
	if (r < 0)
		return r;
	if (fchown(to, st.st_uid, st.st_gid) < 0 || fchmod(to, st.st_mode & 07777) < 0)
		return -errno;
	r = copy_xattrs(source, to);
	if (r < 0)
		return r;
	if (futimens(to, (const struct timespec[]){ st.st_atim, st.st_mtim }) < 0)
		return -errno;
	return view_reopen(hold, to, O_PATH);
}
