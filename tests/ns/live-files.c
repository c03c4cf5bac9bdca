/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that work with files and names. */
#include "config.h"

#include "live.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static void write_line(struct worker *worker, int fd, uint64_t n)
{
	char line[LINE_MAX_LIVE];
	size_t size = live_line(worker, n, line);

	EXPECT(NEED(write(fd, line, size)) == (long long)size, n);
}

/* --- syslog: one descriptor for ever */

static void append_begin(struct worker *worker)
{
	worker->fd = (int)NEED(
		open(live_path(worker, "log"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
}

static void append_step(struct worker *worker, uint64_t n)
{
	write_line(worker, worker->fd, n);
}

static void append_end(struct worker *worker, uint64_t count)
{
	(void)live_expect_lines(worker, live_path(worker, "log"), 0, count);
	live_expect_names(worker, worker->home, 1);
}

/* --- opens its log for each line */

static void reopen_step(struct worker *worker, uint64_t n)
{
	int fd = (int)NEED(
		open(live_path(worker, "log"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));

	write_line(worker, fd, n);
	NEED(close(fd));
}

/* --- rotates: renames the open log by absolute or relative names, goes on in it for a line */

#define ROTATE 7

static void rotate(struct worker *worker)
{
	if (!worker->is_absolute)
		NEED(renameat(worker->dir, "log", worker->dir, live_text("log.%u", worker->parts)));
	else
		NEED(rename(live_path(worker, "log"),
			    live_path(worker, live_text("log.%u", worker->parts))));
	worker->parts++;
}

static void rotate_step(struct worker *worker, uint64_t n)
{
	if (n % ROTATE == 0) {
		if (worker->fd >= 0) {
			rotate(worker);
			write_line(worker, worker->fd, n);
			NEED(close(worker->fd));
		}
		worker->fd =
			(int)NEED(openat(worker->dir, "log",
					 O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
		if (n)
			return;
	}
	write_line(worker, worker->fd, n);
}

static void rotate_end(struct worker *worker, uint64_t count)
{
	uint64_t n = 0;
	unsigned int i;

	for (i = 0; i < worker->parts; i++)
		n = live_expect_lines(worker, live_path(worker, live_text("log.%u", i)), n,
				      UINT64_MAX);
	(void)live_expect_lines(worker, live_path(worker, "log"), n, count);
	live_expect_names(worker, worker->home, worker->parts + 1);
}

/* --- a state file: written beside, renamed over */

#define STATE_SIZE 6000

static void expect_filled(struct worker *worker, const char *path, uint64_t n)
{
	char data[STATE_SIZE + 1];
	int fd = (int)NEED(open(path, O_RDONLY | O_CLOEXEC));
	size_t i;

	EXPECT(NEED(read(fd, data, sizeof(data))) == STATE_SIZE, n);
	for (i = 0; i < STATE_SIZE; i++)
		EXPECT(data[i] == (char)('a' + n % 26), n);
	NEED(close(fd));
}

static void replace_step(struct worker *worker, uint64_t n)
{
	char data[STATE_SIZE];
	int fd = (int)NEED(
		openat(worker->dir, "new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));

	memset(data, (int)('a' + n % 26), sizeof(data));
	EXPECT(NEED(write(fd, data, sizeof(data))) == STATE_SIZE, n);
	if (n % 5 == 0)
		NEED(fsync(fd));
	NEED(close(fd));
	if (!worker->is_absolute)
		NEED(renameat(worker->dir, "new", worker->dir, "state"));
	else
		NEED(rename(live_path(worker, "new"), live_path(worker, "state")));
	expect_filled(worker, live_path(worker, "state"), n);
}

static void replace_end(struct worker *worker, uint64_t count)
{
	expect_filled(worker, live_path(worker, "state"), count - 1);
	live_expect_names(worker, worker->home, 1);
}

/* --- links, by absolute and relative names; one old name for ever */

static void link_begin(struct worker *worker)
{
	worker->fd = (int)NEED(
		open(live_path(worker, "first"), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
}

static void link_step(struct worker *worker, uint64_t n)
{
	const char *name = live_text("link%llu", (unsigned long long)n % 5);
	struct stat st;

	write_line(worker, worker->fd, n);
	if (n >= 5)
		NEED(unlinkat(worker->dir, name, 0));
	if (!worker->is_absolute)
		NEED(linkat(worker->dir, "first", worker->dir, name, 0));
	else
		NEED(link(live_path(worker, "first"), live_path(worker, name)));
	NEED(fstat(worker->fd, &st));
	EXPECT(st.st_nlink == (n < 5 ? n + 2 : 6), n);
}

static void link_end(struct worker *worker, uint64_t count)
{
	struct stat st;
	int i;

	for (i = 0; i < 5; i++)
		(void)live_expect_lines(worker, live_path(worker, live_text("link%d", i)), 0,
					count);
	NEED(stat(live_path(worker, "first"), &st));
	EXPECT(st.st_nlink == 6, count);
	live_expect_names(worker, worker->home, 6);
}

/* --- trees that are made, moved, and removed, from a working directory */

static void tree_begin(struct worker *worker)
{
	NEED(fchdir(worker->dir));
}

static void tree_step(struct worker *worker, uint64_t n)
{
	int fd;

	NEED(mkdir("made", 0755));
	NEED(mkdir("made/a", 0700));
	NEED(mkdir("made/a/b", 0755));
	fd = (int)NEED(open("made/a/b/file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
	NEED(rename("made", live_text("moved%llu", (unsigned long long)n)));
	write_line(worker, fd, n);
	NEED(close(fd));
	NEED(symlink("a/b/file", live_text("moved%llu/short", (unsigned long long)n)));
	(void)live_expect_lines(worker, live_text("moved%llu/short", (unsigned long long)n), n,
				n + 1);
	if (n < 6)
		return;
	n -= 6;
	NEED(unlink(live_text("moved%llu/short", (unsigned long long)n)));
	NEED(unlink(live_text("../%s-%u/moved%llu/a/b/file", worker->role, worker->copy,
			      (unsigned long long)n)));
	NEED(rmdir(live_text("moved%llu/a/b", (unsigned long long)n)));
	NEED(rmdir(live_text("moved%llu/a", (unsigned long long)n)));
	NEED(rmdir(live_path(worker, live_text("moved%llu", (unsigned long long)n))));
}

static void tree_end(struct worker *worker, uint64_t count)
{
	uint64_t n;

	for (n = count < 6 ? 0 : count - 6; n < count; n++)
		(void)live_expect_lines(
			worker,
			live_path(worker, live_text("moved%llu/a/b/file", (unsigned long long)n)),
			n, n + 1);
	live_expect_names(worker, worker->home, count < 6 ? count : 6);
}

/* --- stays in a directory that has been removed, and in one that moves */

static void dwell_begin(struct worker *worker)
{
	NEED(mkdirat(worker->dir, "here", 0755));
	NEED(chdir(live_path(worker, "here")));
}

static void dwell_step(struct worker *worker, uint64_t n)
{
	const char *name = live_text("f%llu", (unsigned long long)n % 4);
	struct stat st;
	int fd = (int)NEED(open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));

	write_line(worker, fd, n);
	NEED(fchmod(fd, 0600 + (mode_t)(n % 8)));
	NEED(close(fd));
	if (worker->copy % 2)
		NEED(renameat(worker->dir, n % 2 ? "there" : "here", worker->dir,
			      n % 2 ? "here" : "there"));
	NEED(stat(name, &st));
	EXPECT((st.st_mode & 07777) == 0600 + n % 8, n);
	(void)live_expect_lines(worker, name, n, n + 1);
}

static void dwell_end(struct worker *worker, uint64_t count)
{
	const char *where = worker->copy % 2 && count % 2 ? "there" : "here";
	uint64_t n;

	for (n = count < 4 ? 0 : count - 4; n < count; n++)
		(void)live_expect_lines(
			worker,
			live_path(worker, live_text("%s/f%llu", where, (unsigned long long)n % 4)),
			n, n + 1);
	live_expect_names(worker, live_path(worker, where), count < 4 ? count : 4);
	live_expect_names(worker, worker->home, 1);
}

/* --- reads a directory in pieces: names that stay among some that come and go */

#define STAY 60

static void list_begin(struct worker *worker)
{
	int i;

	for (i = 0; i < STAY; i++)
		NEED(close((int)NEED(openat(worker->dir, live_text("stay%d", i),
					    O_WRONLY | O_CREAT | O_CLOEXEC, 0600))));
	worker->memory = opendir(worker->home);
	NEED(worker->memory ? 0 : -1);
}

static void note_entry(struct worker *worker, const struct dirent *entry, int seen[STAY],
		       uint64_t n)
{
	int i;

	if (strncmp(entry->d_name, "stay", 4) != 0)
		return;
	i = (int)strtol(entry->d_name + 4, NULL, 10);
	EXPECT(i >= 0 && i < STAY && !seen[i], n); /* doubled */
	seen[i] = 1;
}

static void list_step(struct worker *worker, uint64_t n)
{
	DIR *held = worker->memory;
	DIR *dir = worker->copy % 2 ? opendir(worker->home) : held;
	const struct dirent *entry;
	int seen[STAY] = { 0 };
	int i;

	NEED(dir ? 0 : -1);
	rewinddir(dir);
	NEED(close((int)NEED(openat(worker->dir, live_text("go%llu", (unsigned long long)n % 3),
				    O_WRONLY | O_CREAT | O_CLOEXEC, 0600))));
	errno = 0;
	for (i = 0; (entry = readdir(dir)); i++) {
		note_entry(worker, entry, seen, n);
		if (i == 20) /* the rest after the switch, perhaps */
			(void)usleep(3000);
		errno = 0;
	}
	NEED(errno ? -1 : 0);
	for (i = 0; i < STAY; i++)
		EXPECT(seen[i], n); /* lost */
	NEED(unlinkat(worker->dir, live_text("go%llu", (unsigned long long)n % 3), 0));
	if (dir != held)
		NEED(closedir(dir));
}

static void list_end(struct worker *worker, uint64_t count)
{
	live_expect_names(worker, worker->home, STAY);
}

/* --- writes anywhere in a file, cuts it, extends it */

#define BLOCK 512
#define BLOCKS 40

static void rewrite_begin(struct worker *worker)
{
	worker->fd =
		(int)NEED(openat(worker->dir, "data", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
	worker->memory = calloc(BLOCKS, BLOCK);
	NEED(ftruncate(worker->fd, (off_t)BLOCKS * BLOCK));
}

static void rewrite_step(struct worker *worker, uint64_t n)
{
	size_t at = (n * 7 + worker->copy) % BLOCKS * BLOCK;
	char *memory = worker->memory;
	char found[BLOCK];

	memset(memory + at, (int)(1 + n % 250), BLOCK);
	EXPECT(NEED(pwrite(worker->fd, memory + at, BLOCK, (off_t)at)) == BLOCK, n);
	if (n % 9 == 8) {
		NEED(ftruncate(worker->fd, (off_t)BLOCKS * BLOCK / 2));
		NEED(ftruncate(worker->fd, (off_t)BLOCKS * BLOCK));
		memset(memory + BLOCKS * BLOCK / 2, 0, BLOCKS * BLOCK / 2);
	}
	at = (n * 13) % BLOCKS * BLOCK;
	EXPECT(NEED(pread(worker->fd, found, BLOCK, (off_t)at)) == BLOCK, n);
	EXPECT(memcmp(found, memory + at, BLOCK) == 0, n);
}

static void rewrite_end(struct worker *worker, uint64_t count)
{
	int fd = (int)NEED(open(live_path(worker, "data"), O_RDONLY | O_CLOEXEC));
	char found[BLOCKS * BLOCK + 1];

	EXPECT(NEED(read(fd, found, sizeof(found))) == BLOCKS * BLOCK, count);
	EXPECT(memcmp(found, worker->memory, BLOCKS * BLOCK) == 0, count);
}

/* --- a file without a name */

static void orphan_begin(struct worker *worker)
{
	rewrite_begin(worker);
	NEED(unlinkat(worker->dir, "data", 0));
}

static void orphan_end(struct worker *worker, uint64_t count)
{
	char found[BLOCKS * BLOCK];

	EXPECT(NEED(pread(worker->fd, found, sizeof(found), 0)) == BLOCKS * BLOCK, count);
	EXPECT(memcmp(found, worker->memory, BLOCKS * BLOCK) == 0, count);
	live_expect_names(worker, worker->home, 0);
}

/* --- mode, owner, times, attributes */

static void attribute_step(struct worker *worker, uint64_t n)
{
	const struct timespec times[2] = { { .tv_sec = (time_t)n, .tv_nsec = 1 },
					   { .tv_sec = (time_t)n + 7, .tv_nsec = 123456789 } };
	const char *path = live_path(worker, "file");
	char value[32], found[32] = "";
	struct stat st;
	int size = snprintf(value, sizeof(value), "value %llu", (unsigned long long)n);
	int fd = (int)NEED(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));

	NEED(chown(path, (uid_t)(n % 100), (gid_t)(n % 7)));
	NEED(chmod(path, (mode_t)(n % 512)));
	NEED(setxattr(path, "trusted.live", value, (size_t)size, 0));
	NEED(futimens(fd, times));
	NEED(close(fd));
	NEED(stat(path, &st));
	EXPECT(st.st_uid == n % 100 && st.st_gid == n % 7 && (st.st_mode & 07777) == n % 512, n);
	EXPECT(st.st_mtim.tv_sec == (time_t)n + 7 && st.st_mtim.tv_nsec == 123456789, n);
	EXPECT(NEED(getxattr(path, "trusted.live", found, sizeof(found))) == size, n);
	EXPECT(strcmp(value, found) == 0, n);
}

const struct role live_files[] = {
	{ "append", 4, append_begin, append_step, append_end, NULL },
	{ "reopen", 3, NULL, reopen_step, append_end, NULL },
	{ "rotate", 4, NULL, rotate_step, rotate_end, NULL },
	{ "replace", 4, NULL, replace_step, replace_end, NULL },
	{ "link", 3, link_begin, link_step, link_end, NULL },
	{ "tree", 3, tree_begin, tree_step, tree_end, NULL },
	{ "dwell", 3, dwell_begin, dwell_step, dwell_end, NULL },
	{ "list", 4, list_begin, list_step, list_end, NULL },
	{ "rewrite", 3, rewrite_begin, rewrite_step, rewrite_end, NULL },
	{ "orphan", 2, orphan_begin, rewrite_step, orphan_end, NULL },
	{ "attribute", 2, NULL, attribute_step, NULL, NULL },
	{ NULL, 0, NULL, NULL, NULL, NULL },
};
