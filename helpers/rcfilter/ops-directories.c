/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on lists of names. */
#include "config.h"

#include "rcfilter/ops.h"
#include "rcfilter/follow.h"
#include "rcfilter/owed.h"
#include "rcfilter/runner.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The names of a directory as they were when it was opened: offsets stay what they are. */
struct names {
	size_t count;
	struct {
		char *name;
		ino_t ino;
		mode_t mode;
	} * list;
};

static void names_free(struct names *names)
{
	size_t i;

	for (i = 0; names && i < names->count; i++)
		free(names->list[i].name);
	if (names)
		free(names->list);
	free(names);
}

static int names_add(struct names *names, const char *name, ino_t ino, mode_t mode)
{
	void *grown = realloc(names->list, (names->count + 1) * sizeof(*names->list));

	if (!grown)
		return -ENOMEM;
	names->list = grown;
	names->list[names->count].name = strdup(name);
	if (!names->list[names->count].name)
		return -ENOMEM;
	names->list[names->count].ino = ino;
	names->list[names->count].mode = mode;
	names->count++;
	return 0;
}

static int names_read(struct names *names, int dirfd)
{
	auto_close int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	(void)take_fd(&fd);
	while (r == 0 && (entry = readdir(dir)))
		r = names_add(names, entry->d_name, entry->d_ino, DTTOIF(entry->d_type));
	return r;
}

/* Who lists to run gets the late slot listed; insserv, update-rc.d and people do not. */
static int names_add_late(struct names *names, const struct view *view, const struct node *node,
			  pid_t pid)
{
	enum made_up what = made_up(view, node, LATE_ENTRY);
	struct stat st;
	size_t i;

	if (what == MADE_UP_NOT || !follow_is_listing(&view->server->starts, pid))
		return 0;
	for (i = 0; i < names->count; i++)
		if (strcmp(names->list[i].name, LATE_ENTRY) == 0)
			return 0;
	made_up_stat(what, &st);
	return names_add(names, LATE_ENTRY, st.st_ino, st.st_mode);
}

/* The entries from offset on, as many as there is room for; returns their length. */
static size_t names_pack(const struct names *names, fuse_req_t request, size_t offset, char *buffer,
			 size_t size)
{
	size_t used = 0;
	size_t i;

	for (i = offset; i < names->count; i++) {
		struct stat st = { .st_ino = names->list[i].ino, .st_mode = names->list[i].mode };
		size_t room = fuse_add_direntry(request, buffer + used, size - used,
						names->list[i].name, &st, (off_t)i + 1);

		if (room > size - used)
			break;
		used += room;
	}
	return used;
}

/* Whoever lists to run must get all of it, also when we die meanwhile. */
static void names_note(const struct names *names, fuse_req_t request, uint64_t handle)
{
	auto_free char *buffer = malloc(LIST_SIZE);

	if (buffer && follow_is_listing(&server_of(request)->starts, pid_of(request)))
		owed_list(server_notes(request), view_of(request)->number, handle, true, buffer,
			  names_pack(names, request, 0, buffer, LIST_SIZE));
}

static void op_opendir(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	struct view *view = view_of(request);
	struct server *server = view->server;
	struct node *node = node_of(view, number);
	struct names *names;
	int r;

	if (follow_directory(&server->starts, pid_of(request), script_level(view, node),
			     node == &view->root && view->place->is_flat)) {
		server->starts.board->off = true; /* who is aside does not come back into that */
		server->detach(server); /* before the runner of halt has its answer */
	}
	names = calloc(1, sizeof(*names));
	r = names ? names_read(names, node->fd) : -ENOMEM;
	if (r == 0)
		r = names_add_late(names, view, node, pid_of(request));
	file->fh = (uint64_t)(uintptr_t)names;
	file->cache_readdir = 0;
	if (r == 0)
		names_note(names, request, file->fh);
	if (r < 0)
		reply(request, r);
	else if (fuse_reply_open(request, file) == 0)
		return;
	names_free(names);
}

static void op_readdir(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset,
		       struct fuse_file_info *file)
{
	const struct names *names = (const struct names *)(uintptr_t)file->fh;
	auto_free char *buffer = malloc(size);

	if (!buffer) {
		reply(request, -ENOMEM);
		return;
	}
	(void)fuse_reply_buf(request, buffer,
			     names_pack(names, request, (size_t)offset, buffer, size));
}

static void op_releasedir(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	owed_list_end(server_notes(request), view_of(request)->number, file->fh);
	names_free((struct names *)(uintptr_t)file->fh);
	reply(request, 0);
}

static void op_fsyncdir(fuse_req_t request, fuse_ino_t number, int datasync,
			struct fuse_file_info *file)
{
	const struct node *node = node_of(view_of(request), number);
	auto_close int fd = openat(node->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	reply(request, fd < 0 || fsync(fd) < 0 ? -errno : 0);
}

void script_ops_directories(struct fuse_lowlevel_ops *ops)
{
	ops->opendir = op_opendir;
	ops->readdir = op_readdir;
	ops->releasedir = op_releasedir;
	ops->fsyncdir = op_fsyncdir;
}
