/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended attributes of layers. */
#include "config.h"

#include "merge/xattrs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/xattr.h>

#define OVERLAY_PREFIX "trusted.overlay."
#define ESCAPED_PREFIX OVERLAY_PREFIX "overlay."
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

enum xattr_kind xattr_kind(const char *name)
{
	static const char *const book_keeping[] = { "origin", "impure", "nlink", "upper", "uuid" };
	size_t i;

	if (begins_with(name, SHADOW_PREFIX))
		return XATTR_SKIP;
	if (!begins_with(name, OVERLAY_PREFIX) || begins_with(name, ESCAPED_PREFIX))
		return XATTR_CARRY;
	name += strlen(OVERLAY_PREFIX);
	for (i = 0; i < sizeof(book_keeping) / sizeof(book_keeping[0]); i++)
		if (strcmp(name, book_keeping[i]) == 0)
			return XATTR_SKIP;
	/* redirect, metacopy, whiteout, protattr, and what a later kernel may invent */
	return strcmp(name, "opaque") == 0 ? XATTR_OPAQUE : XATTR_REFUSE;
}

const char *xattr_carried_name(const char *name, char *buffer, size_t size)
{
	if (!begins_with(name, ESCAPED_PREFIX))
		return name;
	(void)snprintf(buffer, size, "%s%s", OVERLAY_PREFIX, name + strlen(ESCAPED_PREFIX));
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
	const char *as = xattr_carried_name(name, carried, sizeof(carried));
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

		if (xattr_kind(name) == XATTR_CARRY)
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
		if (begins_with(name, OVERLAY_PREFIX) || begins_with(name, SHADOW_PREFIX))
			continue;
		if (get(from, name, b->value) != -ENODATA)
			continue;
		if (fremovexattr(to, name) < 0 && errno != ENODATA)
			return -errno;
	}
	return 0;
}
