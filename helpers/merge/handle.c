/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File handles. */
#include "config.h"

#include "merge/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* struct ovl_fb of the kernel: version 0, magic, length, flags, type, uuid, and the handle. */
#define ORIGIN_MAGIC 0xfb
#define ORIGIN_HEAD (5 + 16)

bool handle_from_origin(const char *value, size_t length, struct handle *ret)
{
	const unsigned char *at = (const unsigned char *)value;

	if (length <= ORIGIN_HEAD || at[0] != 0 || at[1] != ORIGIN_MAGIC || at[2] != length)
		return false;
	length -= ORIGIN_HEAD;
	if (length > HANDLE_BYTES)
		return false;
	*ret = (struct handle){ .size = (unsigned int)length, .type = at[4] };
	memcpy(ret->bytes, at + ORIGIN_HEAD, length);
	return true;
}

bool handle_is_same(const struct handle *a, const struct handle *b)
{
	return a->size && a->size == b->size && a->type == b->type &&
	       memcmp(a->bytes, b->bytes, a->size) == 0;
}

const char *handle_text(const struct handle *handle, char *text)
{
	int used = snprintf(text, HANDLE_TEXT_MAX, "%d.", handle->type);
	unsigned int i;

	for (i = 0; i < handle->size; i++)
		used += snprintf(text + used, (size_t)(HANDLE_TEXT_MAX - used), "%02x",
				 handle->bytes[i]);
	return text;
}

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

bool handle_parse(const char *text, struct handle *ret)
{
	struct handle handle = { 0 };
	char *end;

	errno = 0;
	handle.type = (int)strtol(text, &end, 10);
	if (errno || end == text || *end != '.')
		return false;
	for (text = end + 1; *text; text += 2) {
		int high = digit(text[0]);
		int low = high < 0 ? -1 : digit(text[1]);

		if (low < 0 || handle.size == HANDLE_BYTES)
			return false;
		handle.bytes[handle.size++] = (unsigned char)(high * 16 + low);
	}
	*ret = handle;
	return handle.size != 0;
}

/* The kernel's own struct has an array without a size at its end. */
union kernel_handle {
	struct file_handle head;
	char space[sizeof(struct file_handle) + HANDLE_BYTES];
};

int handle_at(int dirfd, const char *name, struct handle *ret)
{
	union kernel_handle kernel = { .head = { .handle_bytes = HANDLE_BYTES } };
	int mount;

	if (name_to_handle_at(dirfd, name, &kernel.head, &mount, *name ? 0 : AT_EMPTY_PATH) < 0)
		return -errno;
	*ret = (struct handle){ .size = kernel.head.handle_bytes, .type = kernel.head.handle_type };
	memcpy(ret->bytes, kernel.head.f_handle, ret->size);
	return 0;
}

int handle_open(int mount, const struct handle *handle, int flags)
{
	union kernel_handle kernel = { .head = { .handle_bytes = handle->size,
						 .handle_type = handle->type } };
	int fd;

	memcpy(kernel.head.f_handle, handle->bytes, handle->size);
	fd = open_by_handle_at(mount, &kernel.head, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
