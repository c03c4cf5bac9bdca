/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small files, read as a whole and written as a whole. */
#ifndef INITFS_FILE_H
#define INITFS_FILE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Reads at most max bytes of path below dirfd, following symlinks. *ret_text is allocated, owned by
 * the caller and ends with NUL. Returns its length or -errno; -EFBIG when there is more.
 */
ssize_t file_read(int dirfd, const char *path, size_t max, char **ret_text);

/* The same of a descriptor, from the beginning of its file, wherever it stands. */
ssize_t file_read_fd(int fd, size_t max, char **ret_text);

/* The pid in a pid file, or -errno; -EINVAL where it holds none. */
pid_t file_read_pid(int dirfd, const char *path);

/* The same, of a process that is there; -ENOENT also where it has gone. */
pid_t file_read_live_pid(int dirfd, const char *path);

/*
 * Writes text beside the file that is there and renames it into place (0644): whoever reads sees the
 * old or the new. For a few bytes, in a directory of ours. Returns 0 or -errno.
 */
int file_write(int dirfd, const char *path, const char *text);

/* The same of a pid file. */
int file_write_pid(int dirfd, const char *path, pid_t pid);

/* Removes a pid file that tells this process's pid; another's stays. */
void file_remove_pid(int dirfd, const char *path);

#endif
