/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File handles: what an object is, whatever it is called and wherever it was moved. An overlay
 * notes the handle of a lower object in what it copies up (trusted.overlay.origin).
 */
#ifndef INITFS_MERGE_HANDLE_H
#define INITFS_MERGE_HANDLE_H

#include <stdbool.h>
#include <stddef.h>

#define HANDLE_BYTES 128 /* MAX_HANDLE_SZ */
#define HANDLE_TEXT_MAX (2 * HANDLE_BYTES + 16)

struct handle {
	unsigned int size; /* 0: none */
	int type;
	unsigned char bytes[HANDLE_BYTES];
};

/* Pure. Takes the handle out of an overlay's origin; false: it says none, or is none. */
bool handle_from_origin(const char *value, size_t length, struct handle *ret);

/* Pure. Both are handles, and of the same object (of one file system). */
bool handle_is_same(const struct handle *a, const struct handle *b);

/* Pure. As a name for a file, and back; false: it is none. */
const char *handle_text(const struct handle *handle, char *text);
bool handle_parse(const char *text, struct handle *ret);

/* The handle of a name below dirfd (not followed), or of dirfd itself with "". 0 or -errno. */
int handle_at(int dirfd, const char *name, struct handle *ret);

/* Opens the object in the file system that mount is in. -ESTALE: there is none any more. */
int handle_open(int mount, const struct handle *handle, int flags);

#endif
