/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No symlink, ".." or magic link leads an open out of the directory it was given. */
#include "config.h"

#include "check.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

static void check_open(int (*open_it)(int, const char *, int, mode_t), int dir, const char *path,
		       int want)
{
	auto_close int fd = open_it(dir, path, O_RDONLY, 0);

	if (want == 0)
		CHECK(fd >= 0);
	else
		CHECK_INT(fd, want);
	if (fd >= 0)
		CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void make_tree(int dir)
{
	auto_close int file = openat(dir, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CHECK(file >= 0);
	CHECK_INT(mkdirat(dir, "sub", 0700), 0);
	CHECK_INT(symlinkat("file", dir, "inside"), 0);
	CHECK_INT(symlinkat("../../../../etc/passwd", dir, "outside"), 0);
	CHECK_INT(symlinkat("/file", dir, "absolute"), 0);
	CHECK_INT(symlinkat("/proc/self/root/etc/passwd", dir, "magic"), 0);
}

static void remove_tree(int dir, const char *path)
{
	static const char *const names[] = { "file", "inside", "outside", "absolute", "magic" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CHECK_INT(unlinkat(dir, names[i], 0), 0);
	CHECK_INT(unlinkat(dir, "sub", AT_REMOVEDIR), 0);
	CHECK_INT(rmdir(path), 0);
}

int main(void)
{
	char path[] = "/tmp/initfs-test-openat-XXXXXX";
	auto_close int dir = -EBADF;

	CHECK(mkdtemp(path) != NULL);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(dir >= 0);
	make_tree(dir);

	check_open(open_beneath, dir, "file", 0);
	check_open(open_beneath, dir, "inside", 0);
	check_open(open_beneath, dir, "sub/../file", 0);
	check_open(open_beneath, dir, "outside", -EXDEV);
	check_open(open_beneath, dir, "absolute", -EXDEV);
	check_open(open_beneath, dir, "..", -EXDEV);
	check_open(open_beneath, dir, "absent", -ENOENT);

	check_open(open_walk, dir, "file", 0);
	check_open(open_walk, dir, "inside", -ELOOP);
	check_open(open_walk, dir, "outside", -ELOOP);

	check_open(open_in_root, dir, "/file", 0);
	check_open(open_in_root, dir, "absolute", 0);
	check_open(open_in_root, dir, "../../../file", 0);
	check_open(open_in_root, dir, "outside", -ENOENT);
	check_open(open_in_root, dir, "magic", -ENOENT);

	remove_tree(dir, path);
	return check_result();
}
