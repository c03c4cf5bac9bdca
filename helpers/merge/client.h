/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking initfs-hold, over its control socket, for what only it can do. */
#ifndef INITFS_MERGE_CLIENT_H
#define INITFS_MERGE_CLIENT_H

#include "common/fault.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Connects to the socket in dirfd (/run/initfs). The caller owns the descriptor. */
int client_connect(int dirfd, struct fault *fault);

/* Each returns 0, or -errno with what initfs-hold said in the fault. -EPIPE: it has gone. */
int client_seal_briefly(int fd, struct fault *fault);
int client_seal(int fd, struct fault *fault);
/* is_apart: what the directory does not have is hidden by it. */
int client_prepare(int fd, unsigned int layer, int directory, bool is_apart, struct fault *fault);
int client_switch(int fd, unsigned int layer, struct fault *fault);
/* -EBUSY: somebody has the view's object of that number open to write to it by position. */
int client_appends(int fd, unsigned int layer, ino_t object, struct fault *fault);
/* The view's object of that number is the one that disk (O_PATH) shows, whatever has its name. */
int client_instead(int fd, unsigned int layer, ino_t object, int disk, struct fault *fault);
/* The mount with that id shows a part of the layer's view over what on the disk is st. */
int client_keep(int fd, unsigned int layer, uint64_t mount, const struct stat *st,
		struct fault *fault);
int client_unseal(int fd, struct fault *fault);

#endif
