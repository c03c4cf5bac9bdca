/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reserve on its device. */
#include "config.h"

#include "keep/reserve.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define EXTENTS_AT_ONCE 32
/* Extents of these kinds are plain blocks of this file alone. */
#define GOOD_EXTENT (FIEMAP_EXTENT_LAST | FIEMAP_EXTENT_MERGED)

/* --- making it */

static int write_blocks(int fd, uint32_t count)
{
	static struct block block;
	uint8_t token[KEEP_TOKEN];
	uint32_t i;

	if (getrandom(token, sizeof(token), 0) != sizeof(token))
		return -EIO;
	for (i = 0; i < count; i++) {
		ssize_t n;

		block_make(&block, token, i, count);
		n = write(fd, &block, sizeof(block));
		if (n != sizeof(block))
			return n < 0 ? -errno : -ENOSPC;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

int reserve_make(int dirfd, const char *path, uint64_t size, struct fault *fault)
{
	uint64_t count = size / KEEP_BLOCK & ~(uint64_t)1; /* two halves */
	auto_close int fd = -EBADF;
	int r;

	if (count < RESERVE_BLOCKS_MIN || count > RESERVE_BLOCKS_MAX)
		return fault_because(fault, -ERANGE, "make a reserve of that size", path,
				     "64k to 64m");
	fd = open_in_root(dirfd, path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return fault_at(fault, fd, "make", path);
	r = write_blocks(fd, (uint32_t)count);
	if (r < 0) {
		(void)unlinkat(dirfd, path, 0); /* half a reserve is none; there is nothing in it */
		return fault_at(fault, r, "write", path);
	}
	return 0;
}

/* --- finding it */

/* Opens the block device by the name that the kernel gives it: udev may not have been there yet. */
static int open_device(dev_t number)
{
	char path[96];
	char line[256];
	auto_fclose FILE *file = NULL;

	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/uevent", major(number),
		       minor(number));
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		struct stat st;
		int fd;

		if (strncmp(line, "DEVNAME=", 8) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		(void)snprintf(path, sizeof(path), "/dev/%.64s", line + 8);
		fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		if (fstat(fd, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == number)
			return fd;
		close(fd);
	}
	return -ENODEV;
}

/* Notes the places of the blocks that one extent has. */
static int take_extent(struct reserve *reserve, const struct fiemap_extent *extent)
{
	uint64_t at;

	if (extent->fe_flags & ~(uint32_t)GOOD_EXTENT || extent->fe_logical % KEEP_BLOCK ||
	    extent->fe_length % KEEP_BLOCK || extent->fe_physical % 512)
		return -EMEDIUMTYPE;
	for (at = 0; at < extent->fe_length; at += KEEP_BLOCK)
		if ((extent->fe_logical + at) / KEEP_BLOCK < reserve->count)
			reserve->place[(extent->fe_logical + at) / KEEP_BLOCK] =
				extent->fe_physical + at;
	return 0;
}

static int find_places(struct reserve *reserve, int fd)
{
	union {
		struct fiemap map;
		char room[sizeof(struct fiemap) + EXTENTS_AT_ONCE * sizeof(struct fiemap_extent)];
	} request;
	uint64_t at = 0;
	unsigned int i;
	int r;

	do {
		memset(&request, 0, sizeof(request));
		request.map.fm_start = at;
		request.map.fm_length = (uint64_t)reserve->count * KEEP_BLOCK - at;
		request.map.fm_extent_count = EXTENTS_AT_ONCE;
		if (ioctl(fd, FS_IOC_FIEMAP, &request) < 0)
			return -errno;
		for (i = 0; i < request.map.fm_mapped_extents; i++) {
			const struct fiemap_extent *extent = &request.map.fm_extents[i];

			r = take_extent(reserve, extent);
			if (r < 0)
				return r;
			at = extent->fe_logical + extent->fe_length;
		}
	} while (request.map.fm_mapped_extents && at < (uint64_t)reserve->count * KEEP_BLOCK);
	for (i = 0; i < reserve->count; i++)
		if (!reserve->place[i])
			return -EMEDIUMTYPE; /* the device's first block is nobody's file */
	return 0;
}

static int read_block(struct reserve *reserve, uint32_t index)
{
	ssize_t n =
		pread(reserve->device, reserve->block, KEEP_BLOCK, (off_t)reserve->place[index]);

	if (n != KEEP_BLOCK)
		return n < 0 ? -errno : -EIO;
	if (!block_is(reserve->block, index, reserve->count))
		return -EBADMSG;
	if (index && !block_is_with(reserve->block, reserve->first))
		return -EBADMSG;
	return 0;
}

static uint32_t half_count(const struct reserve *reserve)
{
	return reserve->count / 2;
}

size_t reserve_room(const struct reserve *reserve)
{
	return (size_t)half_count(reserve) * KEEP_PAYLOAD;
}

/* The newer of the halves' first blocks counts. The others are looked at before each is written. */
static int look_at_halves(struct reserve *reserve)
{
	unsigned int half;
	int r;

	for (half = 0; half < 2; half++) {
		r = read_block(reserve, half * half_count(reserve));
		if (r < 0)
			return r;
		if (half == 0)
			memcpy(reserve->first, reserve->block, KEEP_BLOCK);
		if (reserve->block->length > reserve_room(reserve))
			return -EBADMSG;
		if (reserve->block->generation <= reserve->generation)
			continue;
		reserve->half = half;
		reserve->generation = reserve->block->generation;
		reserve->length = reserve->block->length;
		reserve->sum = reserve->block->sum;
	}
	return 0;
}

int reserve_open(struct reserve *reserve, int dirfd, const char *path, struct fault *fault)
{
	auto_close int fd = -EBADF;
	struct stat st;
	int r;

	*reserve = (struct reserve){ .device = -EBADF };
	fd = open_walk(dirfd, path, O_RDONLY, 0);
	if (fd < 0)
		return fault_at(fault, fd, "open", path);
	if (fstat(fd, &st) < 0)
		return fault_at(fault, -errno, "inspect", path);
	if (!S_ISREG(st.st_mode) || st.st_size % (2 * KEEP_BLOCK) ||
	    st.st_size < (off_t)RESERVE_BLOCKS_MIN * KEEP_BLOCK ||
	    st.st_size > (off_t)RESERVE_BLOCKS_MAX * KEEP_BLOCK)
		return fault_because(fault, -EBADMSG, "use", path, "initfs-keep has not made it");
	reserve->count = (uint32_t)(st.st_size / KEEP_BLOCK);
	reserve->place = calloc(reserve->count, sizeof(*reserve->place));
	reserve->first = aligned_alloc(KEEP_BLOCK, KEEP_BLOCK);
	reserve->block = aligned_alloc(KEEP_BLOCK, KEEP_BLOCK);
	if (!reserve->place || !reserve->first || !reserve->block)
		return fault_at(fault, -ENOMEM, "use", path);
	r = find_places(reserve, fd);
	if (r < 0)
		return fault_because(fault, r, "find the blocks of", path,
				     "its file system does not keep plain blocks in place");
	reserve->device = open_device(st.st_dev);
	if (reserve->device < 0)
		return fault_at(fault, reserve->device, "open the device of", path);
	r = look_at_halves(reserve);
	if (r < 0)
		return fault_because(fault, r, "use", path, "a block on the device is not its own");
	return 0;
}

void reserve_close(struct reserve *reserve)
{
	fd_close(&reserve->device);
	free(reserve->place);
	free(reserve->first);
	free(reserve->block);
	*reserve = (struct reserve){ .device = -EBADF };
}

/* --- using it */

int reserve_load(struct reserve *reserve, struct pack *pack, struct fault *fault)
{
	uint32_t i;
	int r;

	*pack = (struct pack){ .size = reserve_room(reserve) };
	pack->data = malloc(pack->size);
	if (!pack->data)
		return fault_at(fault, -ENOMEM, "read", RESERVE_PATH);
	for (i = 0; i * KEEP_PAYLOAD < reserve->length; i++) {
		r = read_block(reserve, reserve->half * half_count(reserve) + i);
		if (r < 0)
			return fault_at(fault, r, "read", RESERVE_PATH);
		memcpy(pack->data + (size_t)i * KEEP_PAYLOAD, reserve->block->payload,
		       KEEP_PAYLOAD);
	}
	/* A half whose writing was broken off is not the newest: its first block came last. */
	if (reserve->length && block_sum(pack->data, reserve->length) != reserve->sum)
		return fault_at(fault, -EBADMSG, "read", RESERVE_PATH);
	pack->length = reserve->length;
	return 0;
}

/* Makes reserve->block the i-th of what half holds of pack. */
static void fill_block(struct reserve *reserve, const struct pack *pack, unsigned int half,
		       uint32_t i)
{
	size_t done = (size_t)i * KEEP_PAYLOAD;
	size_t left = pack->length > done ? pack->length - done : 0;
	uint8_t token[KEEP_TOKEN];

	memcpy(token, reserve->first->token, sizeof(token));
	block_make(reserve->block, token, half * half_count(reserve) + i, reserve->count);
	memcpy(reserve->block->payload, pack->data + done,
	       left < KEEP_PAYLOAD ? left : KEEP_PAYLOAD);
	if (i == 0) {
		reserve->block->generation = reserve->generation + 1;
		reserve->block->length = (uint32_t)pack->length;
		reserve->block->sum = block_sum(pack->data, pack->length);
	}
}

/* Only over a block of our own; see the head of reserve.h. */
static int write_block(struct reserve *reserve, const struct pack *pack, unsigned int half,
		       uint32_t i)
{
	uint32_t index = half * half_count(reserve) + i;
	int r = read_block(reserve, index);
	ssize_t n;

	if (r < 0)
		return r;
	fill_block(reserve, pack, half, i);
	n = pwrite(reserve->device, reserve->block, KEEP_BLOCK, (off_t)reserve->place[index]);
	if (n != KEEP_BLOCK)
		return n < 0 ? -errno : -EIO;
	return 0;
}

int reserve_save(struct reserve *reserve, const struct pack *pack, struct fault *fault)
{
	uint32_t blocks = (uint32_t)((pack->length + KEEP_PAYLOAD - 1) / KEEP_PAYLOAD);
	uint32_t sum = block_sum(pack->data, pack->length);
	unsigned int half = !reserve->half;
	int r = 0;
	uint32_t i;

	if (pack->length == reserve->length && sum == reserve->sum)
		return 0;
	for (i = 1; i < blocks && r == 0; i++)
		r = write_block(reserve, pack, half, i);
	if (r == 0 && fdatasync(reserve->device) < 0)
		r = -errno;
	/* Point of no return: with its first block this half is the newest. */
	if (r == 0)
		r = write_block(reserve, pack, half, 0);
	if (r == 0 && fdatasync(reserve->device) < 0)
		r = -errno;
	if (r < 0)
		return fault_at(fault, r, "write the blocks of", RESERVE_PATH);
	reserve->half = half;
	reserve->generation++;
	reserve->length = (uint32_t)pack->length;
	reserve->sum = sum;
	return 0;
}

int reserve_clear(struct reserve *reserve, int dirfd, const char *path, struct fault *fault)
{
	static char nothing[1];
	const struct pack empty = { .data = nothing };
	unsigned int half = !reserve->half;
	auto_close int fd = open_walk(dirfd, path, O_WRONLY, 0);
	off_t at = (off_t)(half * half_count(reserve)) * KEEP_BLOCK;

	if (reserve->length == 0)
		return 0;
	if (fd < 0)
		return fault_at(fault, fd, "open", path);
	fill_block(reserve, &empty, half, 0);
	if (pwrite(fd, reserve->block, KEEP_BLOCK, at) != KEEP_BLOCK || fsync(fd) < 0)
		return fault_at(fault, errno ? -errno : -EIO, "write", path);
	reserve->length = 0;
	return 0;
}
