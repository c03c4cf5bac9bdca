/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at the machine: is a program ready, a device there, a directory writable? */
#include "config.h"

#include "supervise/ready.h"
#include "supervise/socket.h"
#include "common/fd.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define LINE_CHUNK 4096 /* more than a Ready=line: can ask for: a file of early.d is small */

/* A socket file outlives its server; only a connection tells that somebody listens. */
static bool is_listening(const char *path)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	unsigned int i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		int fd = socket_connect(path, types[i], 0);

		/* EAGAIN: somebody listens, and has more callers than it can take just now. */
		if (fd >= 0 || fd == -EAGAIN) {
			fd_close(&fd);
			return true;
		}
	}
	return false;
}

/*
 * Asks an X server for a connection without showing a cookie. Any answer will do, and it is a
 * refusal; so we never become a client whose going makes the server reset.
 */
static bool has_answered(const char *path, int *probe)
{
	/* byte order, pad, protocol 11.0, no authorisation name, no data */
	static const char hello[12] = { 'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	char answer;
	ssize_t n;

	if (*probe < 0) {
		*probe = socket_connect(path, SOCK_STREAM, 0);
		if (*probe < 0)
			return false;
		if (send(*probe, hello, sizeof(hello), MSG_NOSIGNAL) != sizeof(hello)) {
			fd_close(probe);
			return false;
		}
	}
	n = recv(*probe, &answer, 1, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	fd_close(probe); /* answered, or gone: then the next look begins anew */
	return n == 1;
}

void probe_init(struct probe *probe, const struct entry *entry)
{
	struct stat st;

	*probe = (struct probe){ .fd = -EBADF };
	if (entry->ready == ENTRY_READY_LINE && stat(entry->ready_path, &st) == 0)
		probe->offset = st.st_size;
}

void probe_close(struct probe *probe)
{
	fd_close(&probe->fd);
}

/* The program writes a newline when it is ready, as s6's and seatd's do. */
static bool has_notified(struct probe *probe)
{
	char said[64];
	ssize_t n = probe->fd < 0 ? -1 : read(probe->fd, said, sizeof(said));

	return n > 0 && memchr(said, '\n', (size_t)n);
}

/*
 * Has the text come into the file since the last look? The file is opened for each look: one that
 * is kept open would keep a layer, and the program may begin a new one.
 */
static bool has_line(const struct entry *entry, struct probe *probe)
{
	auto_close int fd = open(entry->ready_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t length = strlen(entry->ready_line);
	char text[LINE_CHUNK];
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	if (st.st_size < probe->offset)
		probe->offset = 0;
	while ((n = pread(fd, text, sizeof(text), probe->offset)) > 0) {
		if (memmem(text, (size_t)n, entry->ready_line, length))
			return true;
		/* What may be the beginning of the text is read again. */
		if ((size_t)n < length)
			return false;
		probe->offset += n - (off_t)length + 1;
	}
	return false;
}

bool is_ready(const struct entry *entry, pid_t pid, struct probe *probe)
{
	switch (entry->ready) {
	case ENTRY_READY_STARTED:
		return true;
	case ENTRY_READY_PIDFILE:
		return file_read_pid(AT_FDCWD, entry->pid_file) == pid;
	case ENTRY_READY_SOCKET:
		return is_listening(entry->ready_path);
	case ENTRY_READY_PATH:
		return access(entry->ready_path, F_OK) == 0;
	case ENTRY_READY_X11:
		return has_answered(entry->ready_path, &probe->fd);
	case ENTRY_READY_NOTIFY:
		return has_notified(probe);
	case ENTRY_READY_LINE:
		return has_line(entry, probe);
	}
	return false;
}

int display_server(const struct entry *entry, pid_t *ret_pid)
{
	auto_close int fd = -EBADF;
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int pidfd;

	if (entry->ready != ENTRY_READY_X11)
		return -ENOENT;
	fd = socket_connect(entry->ready_path, SOCK_STREAM, 0);
	if (fd < 0)
		return fd;
	/* Who called listen(2): the kernel knows, and no file has to be believed. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	pidfd = (int)syscall(SYS_pidfd_open, peer.pid, 0);
	if (pidfd < 0)
		return -errno;
	*ret_pid = peer.pid;
	return pidfd;
}

/* The last part of path is a pattern. */
static bool has_match(const char *path)
{
	const char *pattern = strrchr(path, '/') + 1;
	char folder[PATH_MAX];
	auto_closedir DIR *dir = NULL;
	struct dirent *found;
	struct stat st;

	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(pattern - path), path);
	dir = opendir(folder);
	while (dir && (found = readdir(dir)))
		if (fnmatch(pattern, found->d_name, FNM_PERIOD) == 0 &&
		    fstatat(dirfd(dir), found->d_name, &st, 0) == 0 &&
		    (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
			return true;
	return false;
}

bool has_device(const struct words *patterns)
{
	unsigned int i;

	for (i = 0; i < patterns->count; i++)
		if (has_match(patterns->word[i]))
			return true;
	return patterns->count == 0;
}

const char *not_writable(const struct words *directories)
{
	unsigned int i;

	for (i = 0; i < directories->count; i++)
		if (faccessat(AT_FDCWD, directories->word[i], W_OK, AT_EACCESS) < 0)
			return directories->word[i];
	return NULL;
}

pid_t running_elsewhere(const struct entry *entry)
{
	char exe[64];
	struct stat theirs, ours;
	pid_t pid;

	if (!entry->pid_file)
		return 0;
	pid = file_read_pid(AT_FDCWD, entry->pid_file);
	if (pid <= 0)
		return 0;
	(void)snprintf(exe, sizeof(exe), "/proc/%d/exe", (int)pid);
	if (stat(exe, &theirs) < 0 || stat(entry->program, &ours) < 0)
		return 0;
	return theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino ? pid : 0;
}

bool has_live_pid(const char *path)
{
	return file_read_live_pid(AT_FDCWD, path) > 0;
}
