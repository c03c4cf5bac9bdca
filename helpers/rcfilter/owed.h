/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a server owes that dies: an answer to what it has taken from the kernel, and the rest of each
 * list that a runner is reading. A path is walked again after an error; a list is not read again,
 * and a runner that has none starts nothing. Pure, but for the memory that guard and server share.
 */
#ifndef INITFS_OWED_H
#define INITFS_OWED_H

#include "rcfilter/board.h"

/* The first bytes of a request, as it was read from the device of view number `view`. */
struct unanswered owed_request(const void *bytes, size_t size, size_t view);

/*
 * Notes a list that is opened: size bytes that read as `data`, or, of a directory, as many entries
 * (struct fuse_dirent). handle is what the kernel will say when it reads. Where there is no room it
 * is left out: then a reader meets an error if the server dies.
 */
void owed_list(struct notes *notes, size_t view, uint64_t handle, bool is_directory,
	       const void *data, size_t size);

/* It was closed. */
void owed_list_end(struct notes *notes, size_t view, uint64_t handle);

/*
 * What a request for a part of a list is to be answered with: writes where in the notes it lies and
 * returns its length (0: it ends there), or -ENOENT where the request is none or the list is not
 * noted.
 */
ssize_t owed_part(struct notes *notes, const struct unanswered *request, char **ret_part);

#endif
