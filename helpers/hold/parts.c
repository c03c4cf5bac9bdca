/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a view over the disk. */
#include "config.h"

#include "hold/parts.h"
#include "hold/serve.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/inuse.h"
#include "common/mountfd.h"
#include "common/mountinfo.h"
#include "common/openat.h"
#include "common/parse.h"
#include "common/timeline.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TYPE "fuse.initfs-hold"
/* Between two looks, and so many times as long as a look has taken: directories may be large. */
#define LOOK_MS 200
#define LOOK_PART 50
#define LOOK_MAX_MS 60000
#define DEPTH_MAX 64
/* More FIFOs than these in one part count as used as long as any FIFO of the view is. */
#define FIFOS_MAX 64

/* --- which they are */

struct parts *parts_make(void)
{
	void *memory = mmap(NULL, sizeof(struct parts), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static bool replace(struct parts *parts, uint64_t was, uint64_t is)
{
	size_t i;

	for (i = 0; i < PARTS_MAX; i++) {
		unsigned long long expected = was;

		if (atomic_compare_exchange_strong(&parts->id[i], &expected, is))
			return true;
	}
	return false;
}

int parts_note(struct parts *parts, uint64_t id)
{
	return replace(parts, 0, id) ? 0 : -ENOSPC;
}

void parts_forget(struct parts *parts, uint64_t id)
{
	(void)replace(parts, id, 0); /* it may be forgotten already */
}

static bool is_part(struct parts *parts, const struct mountinfo *mount)
{
	return strcmp(mount->type, TYPE) == 0 && replace(parts, mount->id, mount->id);
}

/* --- taking them away */

/*
 * Opens (O_PATH, owned by the caller) what is mounted there, if it is that mount. Users may rename
 * directories on the way at any time: what they put in their place must not be followed.
 */
static int open_part(const char *path, uint64_t id)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	auto_close int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	struct statx sx;

	if (fd < 0)
		return -errno;
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &sx) < 0)
		return -errno;
	return sx.stx_mnt_id == id ? take_fd(&fd) : -ENOENT;
}

static int detach(struct parts *parts, const struct mountinfo *part, int timeline, const char *why)
{
	auto_close int fd = open_part(part->target, part->id);
	int r = fd < 0 ? fd : mountfd_detach(fd);

	if (r < 0)
		return r;
	parts_forget(parts, part->id);
	if (why)
		timeline_mark(timeline, "socket.gone", "dir", part->target, "why", why, NULL);
	else
		timeline_mark(timeline, "socket.gone", "dir", part->target, NULL);
	return 0;
}

int parts_detach(struct parts *parts, uint64_t id, int timeline, const char *why)
{
	auto_free char *text = NULL;
	struct mountinfo mount;
	char *rest;
	int r = mountinfo_read(&text);

	if (r < 0)
		return r;
	rest = text;
	while (mountinfo_next(&rest, &mount))
		if (mount.id == id && is_part(parts, &mount))
			return detach(parts, &mount, timeline, why);
	return -ENOENT;
}

/* --- is it in use? Asked through the view, as any program would */

struct look {
	unsigned int depth;
	size_t fifos;
	ino_t fifo[FIFOS_MAX];
};

static bool has_socket(struct look *look, int dirfd);

/* Asked, so that the kernel knows the same number for those who have it open. */
static void note_fifo(struct look *look, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && look->fifos++ < FIFOS_MAX)
		look->fifo[look->fifos - 1] = st.st_ino;
}

/* One name: is somebody bound to it, or to one below it? */
static bool judge(struct look *look, int dirfd, const struct dirent *entry)
{
	auto_close int fd = -EBADF;
	bool is_used = false;

	if (entry->d_type != DT_SOCK && entry->d_type != DT_FIFO && entry->d_type != DT_DIR)
		return false;
	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return false;
	fd = open_walk(dirfd, entry->d_name, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0)
		return false; /* gone, or something else is mounted there */
	if (entry->d_type == DT_SOCK)
		return inuse_socket(fd);
	if (entry->d_type == DT_FIFO) {
		note_fifo(look, fd);
		return false;
	}
	look->depth++;
	is_used = look->depth > DEPTH_MAX || has_socket(look, fd);
	look->depth--;
	return is_used;
}

static bool has_socket(struct look *look, int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd); /* owns fd */
	const struct dirent *entry;
	bool is_used = false;

	if (!dir) {
		fd_close(&fd);
		return false;
	}
	while (!is_used && (entry = readdir(dir)))
		is_used = judge(look, dirfd, entry);
	return is_used;
}

static int is_one_of(void *data, const char *path, const struct stat *st)
{
	const struct look *look = data;
	size_t i;

	for (i = 0; i < look->fifos && i < FIFOS_MAX; i++)
		if (look->fifo[i] == st->st_ino)
			return 1;
	return look->fifos > FIFOS_MAX;
}

/* Looks for sockets in use, and notes FIFOs. True: it is used, or would take too long to tell. */
static bool look_over(int part, const struct stat *st, struct look *ret_look)
{
	*ret_look = (struct look){ 0 };
	if (S_ISFIFO(st->st_mode)) {
		note_fifo(ret_look, part);
		return false;
	}
	return has_socket(ret_look, part);
}

static bool is_used(int part)
{
	struct look look, again;
	struct stat st;

	if (fstat(part, &st) < 0)
		return false; /* its server is dead */
	if (S_ISSOCK(st.st_mode))
		return inuse_socket(part);
	if (look_over(part, &st, &look))
		return true;
	if (!look.fifos)
		return false;
	if (inuse_each_fifo(st.st_dev, is_one_of, &look))
		return true;
	/*
	 * Parts are there before the switch to the disk, which gives FIFOs other numbers. Where it
	 * came while we asked, nobody was found under those that we had noted.
	 */
	return look_over(part, &st, &again) || memcmp(&look, &again, sizeof(look)) != 0;
}

/* --- looking at all */

/* The parts of a view that is in its place are beneath it, and may be taken back by the merge. */
static bool is_of_view(const struct guard *guard, const struct mountinfo *mount)
{
	uint64_t id;
	size_t i;

	for (i = 0; i < guard->count; i++) {
		const struct guard_view *view = &guard->views[i];
		size_t length = strlen(view->path);

		if (strncmp(mount->target, view->path, length) == 0 &&
		    (mount->target[length] == '/' || !mount->target[length]) &&
		    fusemount_id_at(view->path, &id) == 0 && id == view->mount.id)
			return true;
	}
	return false;
}

typedef void part_fn(const struct guard *guard, const struct mountinfo *part);

static struct parts *parts_of(const struct guard *guard)
{
	const struct served *served = guard->data;

	return served->parts;
}

/* Calls found for each part; returns how many there were. */
static size_t each_part(const struct guard *guard, part_fn *found)
{
	auto_free char *text = NULL;
	struct mountinfo mount;
	size_t count = 0;
	char *rest;

	if (mountinfo_read(&text) < 0)
		return 0;
	rest = text;
	while (mountinfo_next(&rest, &mount)) {
		if (!is_part(parts_of(guard), &mount) || is_of_view(guard, &mount))
			continue;
		count++;
		found(guard, &mount);
	}
	return count;
}

static void look_at(const struct guard *guard, const struct mountinfo *part)
{
	auto_close int fd = open_part(part->target, part->id);

	if (fd < 0 || is_used(fd))
		return;
	fd_close(&fd);
	(void)detach(parts_of(guard), part, guard->timeline, NULL); /* what fails is tried again */
}

static uint64_t milliseconds(void)
{
	return clock_usec(CLOCK_MONOTONIC) / 1000;
}

int parts_look(const struct guard *guard)
{
	uint64_t began = milliseconds();
	size_t count = each_part(guard, look_at);
	uint64_t wait = LOOK_MS + (milliseconds() - began) * LOOK_PART;

	if (!count)
		return -1;
	return wait > LOOK_MAX_MS ? LOOK_MAX_MS : (int)wait;
}

static void sweep(const struct guard *guard, const struct mountinfo *part)
{
	(void)detach(parts_of(guard), part, guard->timeline, "initfs-hold has died");
}

void parts_sweep(const struct guard *guard)
{
	struct parts *parts = parts_of(guard);
	size_t i;

	(void)each_part(guard, sweep);
	/* Who has noted the others is dead; the merge that has made them takes them back. */
	for (i = 0; i < PARTS_MAX; i++)
		parts->id[i] = 0;
}
