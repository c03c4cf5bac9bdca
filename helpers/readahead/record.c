/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks which parts of the root's files are in memory: mincore(2) of each, by a map that nobody touches. */
#include "config.h"

#include "readahead/record.h"
#include "common/fd.h"
#include "common/openat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdalign.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define WINDOW_PAGES 16384
/* A hole of so many pages is read with what is around it: another request costs as much. */
#define GAP_PAGES 16
/* Deeper than any root; each level holds a descriptor. */
#define DEPTH_MAX 100

struct walk {
	struct list *list;
	dev_t device;
	uint64_t page;
	unsigned int depth;
	char path[PATH_MAX]; /* of the directory or file that is looked at; "" for the root */
};

/* In the root's own directory. What people keep there is theirs, and a boot needs none of it. */
static const char *const left_out[] = {
	"home", "root", "srv", "mnt", "media", "tmp", "lost+found"
};

static bool is_left_out(const struct walk *walk, const char *name)
{
	size_t i;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return true;
	for (i = 0; !walk->path[0] && i < sizeof(left_out) / sizeof(*left_out); i++)
		if (strcmp(name, left_out[i]) == 0)
			return true;
	return false;
}

/*
 * Where the byte at offset is on the disk. A file system that does not tell has files of one
 * directory near each other, and their inodes too.
 */
static uint64_t place_of(int fd, uint64_t offset, ino_t inode)
{
	alignas(struct fiemap) char room[sizeof(struct fiemap) + sizeof(struct fiemap_extent)] = {
		0
	};
	struct fiemap *map = (struct fiemap *)room;
	const struct fiemap_extent *extent = map->fm_extents;

	map->fm_start = offset;
	map->fm_length = 1;
	map->fm_extent_count = 1;
	if (ioctl(fd, FS_IOC_FIEMAP, map) < 0 || !map->fm_mapped_extents)
		return inode;
	return extent->fe_physical +
	       (offset > extent->fe_logical ? offset - extent->fe_logical : 0);
}

static int add(struct walk *walk, int fd, const struct stat *file, uint64_t from, uint64_t to)
{
	struct range range = { .offset = from, .length = to - from };

	if (to > (uint64_t)file->st_size)
		range.length = (uint64_t)file->st_size - from;
	range.place = place_of(fd, from, file->st_ino);
	return list_add(walk->list, walk->path, &range);
}

/* One window of a file; *from and *to is the range that is not yet added, empty at first. */
static int look_at_window(struct walk *walk, int fd, const struct stat *file, uint64_t start,
			  uint64_t *from, uint64_t *to)
{
	unsigned char there[WINDOW_PAGES];
	uint64_t left = (uint64_t)file->st_size - start;
	size_t length = left < WINDOW_PAGES * walk->page ? left : WINDOW_PAGES * walk->page;
	size_t page;
	void *map = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, (off_t)start);
	int r = 0;

	if (map == MAP_FAILED)
		return -errno;
	if (mincore(map, length, there) < 0)
		r = -errno;
	for (page = 0; r == 0 && page * walk->page < length; page++) {
		uint64_t at = start + page * walk->page;

		if (!(there[page] & 1))
			continue;
		if (*to && at - *to > GAP_PAGES * walk->page) {
			r = add(walk, fd, file, *from, *to);
			*to = 0;
		}
		if (!*to)
			*from = at;
		*to = at + walk->page;
	}
	(void)munmap(map, length);
	return r;
}

/* A file that cannot be looked at is no reason to forget the others. Returns 0 or -ENOMEM. */
static int look_at_file(struct walk *walk, int dir, const char *name)
{
	auto_close int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME | O_CLOEXEC);
	struct stat file;
	uint64_t start, from = 0, to = 0;
	int r = 0;

	if (fd < 0 || fstat(fd, &file) < 0 || !S_ISREG(file.st_mode) || file.st_dev != walk->device)
		return 0;
	for (start = 0; r == 0 && start < (uint64_t)file.st_size;
	     start += WINDOW_PAGES * walk->page)
		r = look_at_window(walk, fd, &file, start, &from, &to);
	if (r == 0 && to)
		r = add(walk, fd, &file, from, to);
	return r == -ENOMEM ? r : 0;
}

static int look_at_directory(struct walk *walk, int fd);

static int look_at_name(struct walk *walk, int dir, const struct dirent *entry)
{
	size_t length = strlen(walk->path);
	int r = 0;

	if (length + strlen(entry->d_name) + 2 > sizeof(walk->path))
		return 0;
	(void)snprintf(walk->path + length, sizeof(walk->path) - length, "/%s", entry->d_name);
	if (entry->d_type == DT_DIR && walk->depth < DEPTH_MAX) {
		int fd = open_walk(dir, entry->d_name, O_RDONLY | O_DIRECTORY, 0);

		walk->depth++;
		r = fd < 0 ? 0 : look_at_directory(walk, fd);
		walk->depth--;
	} else if (entry->d_type == DT_REG) {
		r = look_at_file(walk, dir, entry->d_name);
	}
	walk->path[length] = '\0';
	return r;
}

/* Closes fd. */
static int look_at_directory(struct walk *walk, int fd)
{
	auto_closedir DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir) {
		fd_close(&fd);
		return -ENOMEM;
	}
	while (r == 0 && (entry = readdir(dir)))
		if (!is_left_out(walk, entry->d_name))
			r = look_at_name(walk, dirfd(dir), entry);
	return r;
}

int record(struct list *list, int disk, struct fault *fault)
{
	struct walk walk = { .list = list, .page = (uint64_t)sysconf(_SC_PAGESIZE) };
	struct stat root;
	int fd = open_walk(disk, ".", O_RDONLY | O_DIRECTORY, 0);
	int r;

	if (fd < 0)
		return fault_at(fault, fd, "open", "/");
	if (fstat(fd, &root) < 0) {
		r = -errno;
		fd_close(&fd);
		return fault_at(fault, r, "inspect", "/");
	}
	walk.device = root.st_dev;
	r = look_at_directory(&walk, fd);
	if (r < 0)
		return fault_at(fault, r, "look at", walk.path);
	list_sort(list);
	return 0;
}
