/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small file is read whole or not at all; a pid file tells a pid, and whether it is alive. */
#include "config.h"

#include "check.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/proc.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int folder;

static void put(const char *name, const char *text, size_t size)
{
	auto_close int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK_INT(write(fd, text, size), (ssize_t)size);
}

/* The sizes around the bound, and around what is read at once. */
static void test_whole(void)
{
	static const size_t sizes[] = { 0, 1, 4094, 4095, 4096, 4097, 8190, 8191, 8192, 20000 };
	static char text[20000];
	size_t i;

	memset(text, 'x', sizeof(text));
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		auto_free char *found = NULL;
		auto_free char *more = NULL;

		put("text", text, sizes[i]);
		CHECK_INT(file_read(folder, "text", sizes[i], &found), (ssize_t)sizes[i]);
		CHECK(found && strlen(found) == sizes[i]);
		if (sizes[i])
			CHECK_INT(file_read(folder, "text", sizes[i] - 1, &more), -EFBIG);
		CHECK(!more);
	}
}

static void test_descriptor(void)
{
	auto_free char *text = NULL;
	auto_close int fd = -EBADF;
	char head[4];

	put("text", "0123456789", 10);
	fd = openat(folder, "text", O_RDONLY | O_CLOEXEC);
	CHECK_INT(read(fd, head, sizeof(head)), 4);
	CHECK_INT(file_read_fd(fd, 100, &text), 10);
	CHECK_STR(text, "0123456789");
	CHECK_INT(file_read_fd(-EBADF, 100, &text), -EBADF);
}

static void check_pid(const char *text, pid_t wanted)
{
	put("pid", text, strlen(text));
	CHECK_INT(file_read_pid(folder, "pid"), wanted);
}

static void test_pid(void)
{
	struct stat st;
	pid_t child;

	check_pid("17\n", 17);
	check_pid(" \t17 and more", 17);
	check_pid("", -EINVAL);
	check_pid("0\n", -EINVAL);
	check_pid("-1\n", -EINVAL);
	check_pid("4294967296\n", -EINVAL);
	CHECK_INT(file_read_pid(folder, "none"), -ENOENT);

	CHECK_INT(file_write_pid(folder, "pid", getpid()), 0);
	CHECK_INT(file_read_live_pid(folder, "pid"), getpid());
	CHECK_INT(fstatat(folder, "pid", &st, 0), 0);
	CHECK_INT(st.st_mode & 0777, 0644);
	CHECK_INT(faccessat(folder, "pid.initfs", F_OK, 0), -1);

	child = fork();
	if (child == 0)
		_exit(0);
	CHECK_INT(waitpid(child, NULL, 0), child);
	CHECK_INT(file_write_pid(folder, "pid", child), 0);
	CHECK_INT(file_read_live_pid(folder, "pid"), -ENOENT);
	file_remove_pid(folder, "pid"); /* another's */
	CHECK_INT(file_read_pid(folder, "pid"), child);
	CHECK_INT(file_write_pid(folder, "pid", getpid()), 0);
	file_remove_pid(folder, "pid");
	CHECK_INT(file_read_pid(folder, "pid"), -ENOENT);
}

static void test_proc(void)
{
	auto_close int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char by_path[64], by_descriptor[64], cut[4];

	CHECK_INT(proc_read(AT_FDCWD, getpid(), "comm", by_path, sizeof(by_path)), 10);
	CHECK_STR(by_path, "test-file\n");
	CHECK_INT(proc_read(proc, getpid(), "comm", by_descriptor, sizeof(by_descriptor)), 10);
	CHECK_STR(by_descriptor, "test-file\n");
	CHECK_INT(proc_read(proc, getpid(), "comm", cut, sizeof(cut)), 3);
	CHECK_STR(cut, "tes");
	CHECK_INT(proc_read(proc, getpid(), "nothing", cut, sizeof(cut)), -ENOENT);
}

/* A name with what ends the name in /proc does not shift the fields; exec changes nothing. */
static void test_start_time(void)
{
	uint64_t before, ours, init, childs;
	char name[16];
	pid_t child;

	CHECK_INT(proc_start_time(getpid(), &before), 0);
	CHECK_INT(prctl(PR_GET_NAME, name), 0);
	CHECK_INT(prctl(PR_SET_NAME, "a) R (1 2 3"), 0);
	CHECK_INT(proc_start_time(getpid(), &ours), 0);
	CHECK_INT(prctl(PR_SET_NAME, name), 0);
	CHECK_INT(ours, before);
	CHECK_INT(proc_start_time(1, &init), 0);
	CHECK(init <= ours);
	child = fork();
	if (child == 0) {
		(void)execl("/bin/sleep", "sleep", "60", NULL);
		_exit(1);
	}
	CHECK_INT(proc_start_time(child, &childs), 0);
	CHECK(childs >= ours);
	CHECK_INT(kill(child, SIGKILL), 0);
	CHECK_INT(waitpid(child, NULL, 0), child);
	CHECK_INT(proc_start_time(child, &childs), -ENOENT);
}

int main(void)
{
	char path[] = "/tmp/test-file.XXXXXX";

	CHECK(mkdtemp(path) != NULL);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_whole();
	test_descriptor();
	test_pid();
	test_proc();
	test_start_time();
	(void)unlinkat(folder, "text", 0);
	(void)unlinkat(folder, "pid", 0);
	(void)rmdir(path);
	close(folder);
	return check_result();
}
