/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended attributes of layers. */
#include "config.h"

#include "merge/xattrs.h"

#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/xattr.h>

#define ESCAPE "overlay."
/*
 * XFS shows each ACL a second time under this name. A copy-up makes a plain attribute of it that no
 * later change of the ACL reaches; carrying that would set an old ACL, removing it remove a new.
 */
#define SHADOW_PREFIX "trusted.SGI_ACL_"
/* "/proc/self/fd/N/" and the longest name */
#define PROC_PATH_MAX (64 + 256)

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_among(const char *name, const char *const *names)
{
	while (*names && strcmp(name, *names) != 0)
		names++;
	return *names;
}

enum xattr_kind xattr_kind(const char *prefix, const char *name)
{
	static const char *const book_keeping[] = { "impure", "nlink", "upper", "uuid", NULL };
	static const char *const marks[] = { "opaque",	 "redirect", "metacopy", "whiteout",
					     "protattr", "origin",   NULL };
	size_t length = strlen(prefix);

	if (begins_with(name, SHADOW_PREFIX))
		return XATTR_SKIP;
	if (!begins_with(name, prefix) || begins_with(name + length, ESCAPE))
		return XATTR_CARRY;
	if (is_among(name + length, book_keeping))
		return XATTR_SKIP;
	return is_among(name + length, marks) ? XATTR_MARK : XATTR_UNKNOWN;
}

const char *xattr_mark(const char *prefix, const char *name)
{
	return name + strlen(prefix);
}

const char *xattr_carried_name(const char *prefix, const char *name, char *buffer, size_t size)
{
	size_t length = strlen(prefix);

	if (!begins_with(name, prefix) || !begins_with(name + length, ESCAPE))
		return name;
	(void)snprintf(buffer, size, "%s%s", prefix, name + length + strlen(ESCAPE));
	return buffer;
}

/*
 * Before Linux 6.13 there is no *xattrat(2), and an O_PATH descriptor answers EBADF: the magic link
 * leads to the very object, also to a symbolic link or a device without opening it.
 */
static void proc_path(char *path, int fd)
{
	(void)snprintf(path, PROC_PATH_MAX, "/proc/self/fd/%d", fd);
}

static int proc_path_at(char *path, int dirfd, const char *name)
{
	int n = snprintf(path, PROC_PATH_MAX, "/proc/self/fd/%d/%s", dirfd, name);

	return n < 0 || n >= PROC_PATH_MAX ? -ENAMETOOLONG : 0;
}

/* A file system without xattrs has none. */
static int list_result(ssize_t n)
{
	if (n < 0 && errno == EOPNOTSUPP)
		return 0;
	return n < 0 ? -errno : (int)n;
}

int xattrs_list_at(int dirfd, const char *name, char *names)
{
	char path[PROC_PATH_MAX];
	int r = proc_path_at(path, dirfd, name);

	if (r < 0)
		return r;
	return list_result(llistxattr(path, names, XATTRS_MAX - 1));
}

int xattrs_get_at(int dirfd, const char *name, const char *attribute, char *value)
{
	char path[PROC_PATH_MAX];
	int r = proc_path_at(path, dirfd, name);
	ssize_t n;

	if (r < 0)
		return r;
	n = lgetxattr(path, attribute, value, XATTRS_MAX - 1);
	if (n < 0)
		return -errno;
	value[n] = '\0';
	return (int)n;
}

static int list(int fd, char *names)
{
	char path[PROC_PATH_MAX];
	ssize_t n = flistxattr(fd, names, XATTRS_MAX - 1);

	if (n < 0 && errno == EBADF) {
		proc_path(path, fd);
		n = listxattr(path, names, XATTRS_MAX - 1);
	}
	return list_result(n);
}

int xattrs_get_mark(int dirfd, const char *name, const char *mark, struct xattr_buffers *buffers)
{
	char attribute[XATTR_NAME_MAX + 1];

	(void)snprintf(attribute, sizeof(attribute), "%s%s", buffers->prefix, mark);
	return xattrs_get_at(dirfd, name, attribute, buffers->value);
}

static ssize_t get(int fd, const char *name, char *value)
{
	char path[PROC_PATH_MAX];
	ssize_t n = fgetxattr(fd, name, value, XATTRS_MAX - 1);

	if (n < 0 && errno == EBADF) {
		proc_path(path, fd);
		n = getxattr(path, name, value, XATTRS_MAX - 1);
	}
	return n < 0 ? -errno : n;
}

static int set(int fd, const char *name, const char *value, size_t size)
{
	char path[PROC_PATH_MAX];
	int r = fsetxattr(fd, name, value, size, 0);

	if (r < 0 && errno == EBADF) {
		proc_path(path, fd);
		r = setxattr(path, name, value, size, 0);
	}
	return r < 0 ? -errno : 0;
}

/* only_different: a journal is spared what stands there already. */
static int carry(int from, int to, const char *name, bool only_different, struct xattr_buffers *b)
{
	char carried[256];
	const char *as = xattr_carried_name(b->prefix, name, carried, sizeof(carried));
	ssize_t size = get(from, name, b->value);

	if (size == -ENODATA)
		return 0; /* removed since it was listed: the layer is live, another round comes */
	if (size < 0)
		return (int)size;
	if (only_different && get(to, as, b->old) == size &&
	    memcmp(b->old, b->value, (size_t)size) == 0)
		return 0;
	return set(to, as, b->value, (size_t)size);
}

static int carry_all(int from, int to, bool only_different, struct xattr_buffers *b)
{
	int length = list(from, b->names);
	const char *name;

	if (length < 0)
		return length;
	for (name = b->names; name < b->names + length; name += strlen(name) + 1) {
		int r = 0;

		if (xattr_kind(b->prefix, name) == XATTR_CARRY)
			r = carry(from, to, name, only_different, b);
		if (r < 0)
			return r;
	}
	return 0;
}

int xattrs_copy(int from, int to, struct xattr_buffers *buffers)
{
	return carry_all(from, to, false, buffers);
}

int xattrs_mirror(int from, int to, struct xattr_buffers *b)
{
	int r = carry_all(from, to, true, b);
	const char *name;
	int length;

	if (r < 0)
		return r;
	length = list(to, b->other);
	if (length < 0)
		return length;
	for (name = b->other; name < b->other + length; name += strlen(name) + 1) {
		if (begins_with(name, b->prefix) || begins_with(name, SHADOW_PREFIX))
			continue;
		if (get(from, name, b->value) != -ENODATA)
			continue;
		if (fremovexattr(to, name) < 0 && errno != ENODATA)
			return -errno;
	}
	return 0;
}

static int copy_as_it_is(int from, int to, const char *name, struct xattr_buffers *b)
{
	ssize_t size = get(from, name, b->value);

	if (size == -ENODATA)
		return 0;
	return size < 0 ? (int)size : set(to, name, b->value, (size_t)size);
}

int xattrs_copy_hidden(int from, int to, struct xattr_buffers *b)
{
	int length = list(from, b->names);
	const char *name;
	int r = length < 0 ? length : 0;

	for (name = b->names; r == 0 && name < b->names + length; name += strlen(name) + 1)
		if (begins_with(name, b->prefix) && !begins_with(name + strlen(b->prefix), ESCAPE))
			r = copy_as_it_is(from, to, name, b);
	return r;
}
