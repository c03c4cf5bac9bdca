/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Logs that both have. */
#include "config.h"

#include "merge/logs.h"
#include "merge/client.h"
#include "merge/layer.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* Where the boot began that an older log's dmesg lines count from: before all of this one. */
#define OLDER_BOOT (INT64_MIN / 4)

bool logs_is_name(const char *directory, const char *path)
{
	const char *const texts[] = { directory, path };
	size_t i;

	for (i = 0; i < 2; i++) {
		const char *name = texts[i];

		while (*name) {
			size_t length = strcspn(name, "/");

			/* Of a path the last part is the file's own name. */
			if (length == 3 && memcmp(name, "log", 3) == 0 && (i == 0 || name[3]))
				return true;
			name += length + (name[length] == '/');
		}
	}
	return false;
}

/* One layer's logs. */
struct joining {
	const struct layer *layer;
	struct place *place;
	struct copier *copier;
	bool is_live;
	uint64_t *names;
};

/* Two files that may be joined. */
struct pair {
	struct join_file disk;
	struct join_file early;
};

static void pair_close(struct pair *pair)
{
	fd_close(&pair->disk.fd);
	fd_close(&pair->early.fd);
}

static struct join_file file_of(int fd, int64_t latest, int64_t boot)
{
	const time_t when = (time_t)(latest / 1000000);
	struct join_file file = { .fd = fd, .base = { .latest = latest, .boot = boot } };
	struct tm local;

	if (localtime_r(&when, &local))
		file.base.zone = (int64_t)local.tm_gmtoff * 1000000;
	return file;
}

/* 1: both are there, and are logs. 0, or -errno. */
static int pair_open(const struct joining *joining, const struct change *change, int lower,
		     struct pair *pair)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	const int64_t now = (int64_t)clock_usec(CLOCK_REALTIME);
	const int64_t up = (int64_t)clock_usec(CLOCK_BOOTTIME);
	const struct our_object *before;
	char staged[PLACE_NAME_MAX];
	struct stat disk, early;
	int r;

	pair->disk.fd = open_walk(lower, change->name, flags, 0);
	pair->early.fd =
		open_walk(joining->place->dir, place_name('s', change->id, staged), flags, 0);
	if (pair->disk.fd < 0 || pair->early.fd < 0)
		return pair->disk.fd < 0 ? pair->disk.fd : pair->early.fd;
	if (fstat(pair->disk.fd, &disk) < 0 || fstat(pair->early.fd, &early) < 0)
		return -errno;
	if (!S_ISREG(disk.st_mode) || !S_ISREG(early.st_mode) || !early.st_size)
		return 0;
	pair->disk = file_of(pair->disk.fd, (int64_t)disk.st_mtim.tv_sec * 1000000, OLDER_BOOT);
	pair->early = file_of(pair->early.fd, now, now - up);
	before = ours_find(&joining->layer->apart->ours, disk.st_ino);
	if (before)
		pair->disk.left_out = &before->runs;
	r = join_is_log(&pair->disk);
	return r <= 0 ? r : join_is_log(&pair->early);
}

static int open_joined(const struct joining *joining, const struct apart_item *item)
{
	char name[PLACE_NAME_MAX];
	int fd = openat(joining->place->dir, place_name('j', item->id, name),
			O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? -errno : fd;
}

/* Who writes by position into what would get older lines in front of it? 0: nobody. */
static int check_writers(const struct layer *layer, const char *path)
{
	struct fault fault = { 0 };
	ino_t ino = 0;
	int r = apart_number(layer, path, &ino);

	return r < 0 ? r : client_appends(layer->apart->view, layer->number, ino, &fault);
}

/* Under the seal. 1: it is joined. 0: it cannot be, or -errno. */
static int finish(const struct joining *joining, struct apart_item *item, const struct pair *pair,
		  int to)
{
	int r = check_writers(joining->layer, item->path);

	if (r == 0)
		r = join_finish(&pair->disk, &pair->early, to, &item->point, &item->runs);
	if (r == -EBUSY || r == -E2BIG)
		return 0;
	if (r == 0)
		r = copy_directory(joining->copier, pair->disk.fd, to, true);
	if (r < 0)
		return r;
	item->is_joined = true;
	(*joining->names)++;
	return 1;
}

static int join_pair(const struct joining *joining, struct apart_item *item,
		     const struct pair *pair)
{
	auto_close int to = -EBADF;
	int r = 0;

	if (joining->is_live && item->is_begun)
		return 0;
	if (!item->id)
		item->id = joining->place->next_id++;
	to = open_joined(joining, item);
	if (to < 0)
		return to;
	if (!item->is_begun) {
		r = ftruncate(to, 0) < 0 ? -errno
					 : join_begin(&pair->disk, &pair->early, to, &item->point);
		item->is_begun = r == 0;
	}
	return r < 0 || joining->is_live ? r : finish(joining, item, pair, to);
}

static int consider(const struct joining *joining, struct change *change, int lower,
		    struct fault *fault)
{
	struct pair pair = { .disk.fd = -EBADF, .early.fd = -EBADF };
	struct apart_item *item;
	char buffer[PATH_MAX];
	const char *path;
	int r;

	if (!change->is_apart || !S_ISREG(change->stamp.mode) || !change->staged ||
	    change->lower_protected)
		return 0;
	path = tree_path(change, NULL, buffer, sizeof(buffer));
	if (!logs_is_name(joining->layer->name, path))
		return 0;
	r = pair_open(joining, change, lower, &pair);
	if (r > 0) {
		item = apart_item(joining->layer->apart, path);
		r = item ? join_pair(joining, item, &pair) : -ENOMEM;
	}
	pair_close(&pair);
	return r < 0 ? fault_at(fault, r, "join with the log of the disk", path) : 0;
}

static int walk(const struct joining *joining, struct change *at, int lower, struct fault *fault)
{
	struct change *child;
	int r = 0;

	for (child = at->children; r == 0 && child; child = child->next) {
		auto_close int below = -EBADF;

		if (child->kind != CHANGE_ENTER) {
			r = consider(joining, child, lower, fault);
			continue;
		}
		below = open_walk(lower, child->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
		r = below < 0 ? fault_at(fault, below, "open the lower layer's", child->name)
			      : walk(joining, child, below, fault);
	}
	return r;
}

static const struct join_runs *runs_of(const struct apart *apart, const char *name)
{
	const struct apart_item *item;
	char joined[PLACE_NAME_MAX];

	for (item = apart->items; item; item = item->next)
		if (item->is_joined && strcmp(place_name('j', item->id, joined), name) == 0)
			return &item->runs;
	return NULL;
}

static int note_staged(const struct apart *apart, int staging, FILE *note)
{
	auto_close int fd = openat(staging, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	(void)take_fd(&fd);
	for (errno = 0; r == 0 && (entry = readdir(dir)); errno = 0)
		if (entry->d_name[0] == 's' || entry->d_name[0] == 'j')
			r = ours_write(note, entry->d_ino, runs_of(apart, entry->d_name));
	return r == 0 && errno ? -errno : r;
}

/* Before the first name is published: an attempt after this one has to know what is ours. */
static int note_ours(const struct apart *apart, int staging, struct fault *fault)
{
	char name[APART_NOTE_MAX];
	int fd = openat(apart->run, apart_note_name(apart, name),
			O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *note = fd < 0 ? NULL : fdopen(fd, "a");
	int r;

	if (!note) {
		r = -errno;
		fd_close(&fd);
		return fault_at(fault, r, "note what is to be published in", name);
	}
	r = note_staged(apart, staging, note);
	if (fclose(note) != 0 && r == 0)
		r = -errno;
	return r < 0 ? fault_at(fault, r, "note what is to be published in", name) : 0;
}

int logs_stage(struct layer *layer, struct place *place, struct copier *copier, bool is_live,
	       uint64_t *names, struct fault *fault)
{
	const struct joining joining = { layer, place, copier, is_live, names };
	int r = walk(&joining, layer->tree.root, layer->lower, fault);

	return r < 0 || is_live ? r : note_ours(layer->apart, place->dir, fault);
}
