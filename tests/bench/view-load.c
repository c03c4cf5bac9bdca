/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does the same small operations many times in a directory, and prints for each kind how many
 * microseconds one took.
 *
 *	view-load DIRECTORY FILES
 */
#include "config.h"

#include "common/fd.h"
#include "common/parse.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define NAME_SIZE 32

struct load {
	int dir;
	uint64_t files;
};

static const char *name_of(char *name, const char *prefix, uint64_t i)
{
	(void)snprintf(name, NAME_SIZE, "%s%" PRIu64, prefix, i);
	return name;
}

static int do_create(const struct load *load, uint64_t i)
{
	char name[NAME_SIZE], text[1000];
	auto_close int fd = openat(load->dir, name_of(name, "f", i),
				   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	(void)memset(text, 'x', sizeof(text));
	if (fd < 0 || write(fd, text, sizeof(text)) < 0)
		return -errno;
	return 0;
}

static int do_stat(const struct load *load, uint64_t i)
{
	char name[NAME_SIZE];
	struct stat st;

	return fstatat(load->dir, name_of(name, "f", i), &st, 0) < 0 ? -errno : 0;
}

static int do_open(const struct load *load, uint64_t i)
{
	char name[NAME_SIZE];
	auto_close int fd = openat(load->dir, name_of(name, "f", i), O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : 0;
}

static int do_read(const struct load *load, uint64_t i)
{
	char name[NAME_SIZE], text[1000];
	auto_close int fd = openat(load->dir, name_of(name, "f", i), O_RDONLY | O_CLOEXEC);

	return fd < 0 || read(fd, text, sizeof(text)) < 0 ? -errno : 0;
}

static int do_append(const struct load *load, uint64_t i)
{
	char name[NAME_SIZE];
	static const char line[] = "Jan  1 00:00:00 host program[1]: a line as logs have it\n";
	auto_close int fd =
		openat(load->dir, name_of(name, "f", i), O_WRONLY | O_APPEND | O_CLOEXEC);

	return fd < 0 || write(fd, line, sizeof(line) - 1) < 0 ? -errno : 0;
}

/* A line into a file that stays open, as a log has it. The kernel asks for attributes each time. */
static int do_log(const struct load *load, uint64_t i)
{
	static const char line[] = "Jan  1 00:00:00 host program[1]: a line as logs have it\n";
	static int fd = -EBADF;
	int r;

	if (i == 0)
		fd = openat(load->dir, "f0", O_WRONLY | O_APPEND | O_CLOEXEC);
	r = fd < 0 || write(fd, line, sizeof(line) - 1) < 0 ? -errno : 0;
	if (i + 1 == load->files)
		fd_close(&fd);
	return r;
}

static int do_rename(const struct load *load, uint64_t i)
{
	char old[NAME_SIZE], new[NAME_SIZE];

	return renameat(load->dir, name_of(old, "f", i), load->dir, name_of(new, "g", i)) < 0
		       ? -errno
		       : 0;
}

static int do_unlink(const struct load *load, uint64_t i)
{
	char name[NAME_SIZE];

	return unlinkat(load->dir, name_of(name, "g", i), 0) < 0 ? -errno : 0;
}

/* As find -ls: all names, and what each of them is. Once for all files. */
static int do_walk(const struct load *load, uint64_t i)
{
	auto_close int fd = -EBADF;
	auto_closedir DIR *dir = NULL;
	const struct dirent *entry;
	struct stat st;

	if (i)
		return 0;
	fd = openat(load->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return -errno;
	(void)take_fd(&fd);
	while ((entry = readdir(dir)))
		if (fstatat(load->dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
	return 0;
}

static int repeat(const struct load *load, const char *what,
		  int (*operation)(const struct load *load, uint64_t i))
{
	struct timespec before, after;
	uint64_t i;
	int r = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	for (i = 0; r == 0 && i < load->files; i++)
		r = operation(load, i);
	(void)clock_gettime(CLOCK_MONOTONIC, &after);
	if (r == 0)
		(void)printf("%s %.2f\n", what,
			     ((double)(after.tv_sec - before.tv_sec) * 1e6 +
			      (double)(after.tv_nsec - before.tv_nsec) / 1e3) /
				     (double)load->files);
	else
		(void)fprintf(stderr, "view-load: %s: %s\n", what, strerror(-r));
	return r;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *what;
		int (*operation)(const struct load *load, uint64_t i);
	} table[] = {
		{ "create", do_create }, { "walk", do_walk },	  { "stat", do_stat },
		{ "open", do_open },	 { "read", do_read },	  { "append", do_append },
		{ "log", do_log },	 { "rename", do_rename }, { "unlink", do_unlink },
	};
	struct load load = { .dir = -EBADF };
	size_t i;
	int r = 0;

	if (argc != 3 || parse_number(argv[2], 1000000, &load.files) < 0) {
		(void)fprintf(stderr, "view-load DIRECTORY FILES\n");
		return 2;
	}
	load.dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (load.dir < 0)
		return 1;
	for (i = 0; r == 0 && i < sizeof(table) / sizeof(table[0]); i++)
		r = repeat(&load, table[i].what, table[i].operation);
	return r < 0;
}
