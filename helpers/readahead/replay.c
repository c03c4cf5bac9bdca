/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has the kernel read what stands in a list: readahead(2), and a look at the end of what was asked for. */
#include "config.h"

#include "readahead/replay.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/openat.h"
#include "common/parse.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Requests that are under way. Disks of today take some at a time, and an old one has them in order. */
#define WINDOW 8
/* And their bytes: who reads something else waits for them, on a slow disk for a tenth of a second. */
#define WINDOW_BYTES (1U << 20)
/* The kernel's own step for a file that is read from its beginning to its end, and half of a window. */
#define STEP_KB 128
#define STEP_KB_MAX 512

/* What was asked for and has perhaps not come yet. */
struct asked {
	int fd; /* -EBADF: nothing */
	uint64_t bytes;
	off_t last; /* the last byte of it */
};

struct replay {
	struct asked asked[WINDOW];
	size_t next; /* the place of the next; who is there is the oldest */
	uint64_t bytes; /* under way */
	uint64_t step;
};

static uint64_t queue_number(unsigned int major, unsigned int minor, const char *where)
{
	auto_free char *text = NULL;
	char path[96];
	uint64_t number;

	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major, minor, where);
	if (file_read(AT_FDCWD, path, 64, &text) < 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	return parse_number(text, UINT32_MAX, &number) < 0 ? 0 : number;
}

/*
 * Of one call the kernel reads as much as the device takes in one request, and forgets the rest
 * without a word (Linux 4.10), so no call asks for more. A partition has its disk's queue.
 */
static uint64_t step_of(int disk)
{
	static const char *const places[] = { "queue/max_sectors_kb", "../queue/max_sectors_kb" };
	uint64_t step = 0;
	struct stat root;
	size_t i;

	if (fstat(disk, &root) == 0)
		for (i = 0; !step && i < sizeof(places) / sizeof(*places); i++)
			step = queue_number(major(root.st_dev), minor(root.st_dev), places[i]);
	step = step < STEP_KB ? STEP_KB : step;
	return (step > STEP_KB_MAX ? STEP_KB_MAX : step) * 1024;
}

/* Waits until a request has been carried out: its last byte is there. */
static void wait_for(struct replay *replay, size_t place)
{
	struct asked *asked = &replay->asked[place % WINDOW];
	char byte;

	if (asked->fd < 0)
		return;
	/* What cannot be read is somebody else's to report: nobody has asked us for it. */
	(void)!pread(asked->fd, &byte, 1, asked->last);
	fd_close(&asked->fd);
	replay->bytes -= asked->bytes;
}

/* From the oldest on, until there is room for one more of so many bytes. */
static void make_room(struct replay *replay, uint64_t bytes)
{
	size_t i;

	wait_for(replay, replay->next);
	for (i = 1; i < WINDOW && replay->bytes + bytes > WINDOW_BYTES; i++)
		wait_for(replay, replay->next + i);
}

/* Closes fd when it has come. */
static void ask(struct replay *replay, int fd, uint64_t offset, uint64_t length)
{
	make_room(replay, length);
	(void)readahead(fd, (off64_t)offset, length);
	replay->asked[replay->next] =
		(struct asked){ .fd = fd, .bytes = length, .last = (off_t)(offset + length - 1) };
	replay->bytes += length;
	replay->next = (replay->next + 1) % WINDOW;
}

/* Asks for a range, as much of it as the file still has. Returns the bytes, 0 where it is gone. */
static uint64_t ask_for(struct replay *replay, int disk, const struct range *range)
{
	auto_close int fd =
		open_walk(disk, range->path + 1, O_RDONLY | O_NONBLOCK | O_NOATIME | O_NOCTTY, 0);
	uint64_t at = range->offset;
	uint64_t end = range->offset + range->length;
	struct stat file;

	if (fd < 0 || fstat(fd, &file) < 0 || !S_ISREG(file.st_mode))
		return 0;
	if (end > (uint64_t)file.st_size)
		end = (uint64_t)file.st_size;
	while (at < end) {
		uint64_t length = end - at < replay->step ? end - at : replay->step;
		int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

		if (own < 0)
			break;
		ask(replay, own, at, length);
		at += length;
	}
	return at > range->offset ? at - range->offset : 0;
}

void replay(const struct list *list, int disk, uint64_t most_bytes, struct replayed *ret_replayed)
{
	struct replay replay = { .step = step_of(disk) };
	size_t i;

	*ret_replayed = (struct replayed){ 0 };
	for (i = 0; i < WINDOW; i++)
		replay.asked[i].fd = -EBADF;
	for (i = 0; i < list->count && ret_replayed->bytes < most_bytes; i++) {
		uint64_t bytes = ask_for(&replay, disk, &list->ranges[i]);

		ret_replayed->bytes += bytes;
		if (bytes)
			ret_replayed->ranges++;
		else
			ret_replayed->missing++;
	}
	for (i = 0; i < WINDOW; i++)
		wait_for(&replay, replay.next + i);
}
