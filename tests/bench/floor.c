/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What no merge can be faster than by much: that many bytes in one file, that many empty files, and
 * one syncfs.
 *
 *	floor DIRECTORY BYTES FILES
 */
#include "config.h"

#include "common/fd.h"
#include "common/parse.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define CHUNK (1024 * 1024)

static int write_bytes(int dir, uint64_t bytes)
{
	auto_close int fd = openat(dir, "floor", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	static char data[CHUNK];

	(void)memset(data, 'x', sizeof(data));
	if (fd < 0)
		return -errno;
	while (bytes) {
		ssize_t n = write(fd, data, bytes < CHUNK ? (size_t)bytes : CHUNK);

		if (n < 0)
			return -errno;
		bytes -= (uint64_t)n;
	}
	return 0;
}

static int make_files(int dir, uint64_t files)
{
	char name[32];

	while (files--) {
		(void)snprintf(name, sizeof(name), "f%" PRIu64, files);
		if (mknodat(dir, name, S_IFREG | 0600, 0) < 0)
			return -errno;
	}
	return 0;
}

static int make_all(const char *path, uint64_t bytes, uint64_t files)
{
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (dir < 0)
		return -errno;
	r = write_bytes(dir, bytes);
	if (r == 0)
		r = make_files(dir, files);
	if (r == 0 && syncfs(dir) < 0)
		r = -errno;
	return r;
}

int main(int argc, char **argv)
{
	uint64_t bytes, files;
	int r;

	if (argc != 4 || parse_number(argv[2], INT64_MAX, &bytes) < 0 ||
	    parse_number(argv[3], INT64_MAX, &files) < 0) {
		(void)fprintf(stderr, "floor DIRECTORY BYTES FILES\n");
		return 2;
	}
	r = make_all(argv[1], bytes, files);
	if (r < 0)
		(void)fprintf(stderr, "floor: %s\n", strerror(-r));
	return r < 0;
}
