/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pure: what is kept of a boot, as one piece of bytes. For each file a line
 *	BASE LENGTH MODE UID GID PATH
 * (MODE in octal, PATH below /var/log) and then LENGTH bytes, which the file has from BASE on.
 */
#ifndef INITFS_KEEP_PACK_H
#define INITFS_KEEP_PACK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PACK_PATH_MAX 512

struct pack_file {
	uint64_t base; /* what the disk has of it already; 0: it is to be written anew */
	size_t length;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	char path[PACK_PATH_MAX];
};

struct pack {
	char *data; /* allocated, owned */
	size_t size; /* of data */
	size_t length; /* how much of it is used */
};

/*
 * Adds the line of a file. Returns where its bytes go, file->length of them, of which less may be
 * left than there are: then file->length is cut. NULL: there is no room for any.
 */
char *pack_add(struct pack *pack, struct pack_file *file);

/*
 * Reads the file at *offset and moves on behind it. Returns its bytes, in the pack's own memory, NULL
 * at the end or where what follows is none: no absolute path, no "..".
 */
const char *pack_next(const struct pack *pack, size_t *offset, struct pack_file *ret_file);

#endif
