/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations on files: opens are where starts are decided. Every operation replies exactly once, or
 * leaves its request in server->held, from where views_retry replies.
 */
#include "config.h"

#include "rcfilter/ops.h"
#include "rcfilter/late.h"
#include "rcfilter/outside.h"
#include "rcfilter/owed.h"
#include "rcfilter/runner.h"
#include "rcfilter/running.h"
#include "rcfilter/start.h"
#include "common/fd.h"
#include "passthrough/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Of an open that is to be executed: FMODE_EXEC, which the kernel hands down (all since 2.6). */
#define OPEN_FOR_EXEC 0x20

/* A served file: a descriptor of the real one, or a text in its place. */
struct handle {
	int fd; /* -EBADF: text */
	bool is_shared; /* fd is the node's; else it is owned */
	char *text; /* owned */
	size_t size;
};

static struct handle *handle_of(const struct fuse_file_info *file)
{
	return (struct handle *)(uintptr_t)file->fh;
}

static uint64_t handle_number(const struct handle *handle)
{
	return (uint64_t)(uintptr_t)handle;
}

static void handle_free(struct handle *handle)
{
	if (!handle)
		return;
	if (!handle->is_shared)
		fd_close(&handle->fd);
	free(handle->text);
	free(handle);
}

/* Takes fd and text over; whichever there is. NULL without memory. */
static struct handle *handle_make(int fd, char *text)
{
	struct handle *handle = malloc(sizeof(*handle));

	if (!handle) {
		fd_close(&fd);
		free(text);
		return NULL;
	}
	*handle = (struct handle){ .fd = fd, .text = text, .size = text ? strlen(text) : 0 };
	return handle;
}

static void reply_handle(fuse_req_t request, struct handle *handle, struct fuse_file_info *file)
{
	if (!handle) {
		reply(request, -ENOMEM);
		return;
	}
	file->fh = handle_number(handle);
	if (fuse_reply_open(request, file) < 0)
		handle_free(handle); /* a signal came: nobody will release it */
}

static void open_text(fuse_req_t request, char *text, struct fuse_file_info *file)
{
	file->direct_io = 1; /* our text has not the file's size, and must not stay in its cache */
	reply_handle(request, handle_make(-EBADF, text), file);
}

/* The descriptor of the real file is the caller's. -errno. */
static int open_real(const struct server *server, const struct node *node, int flags)
{
	char name[16];
	int fd = openat(server->fds, script_fd_name(node, name),
			flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

/* A start opens its script up to four times, to read: one descriptor serves them all by pread. */
static struct handle *handle_to_read(int fd)
{
	struct handle *handle = malloc(sizeof(*handle));

	if (handle)
		*handle = (struct handle){ .fd = fd, .is_shared = true };
	return handle;
}

static void open_file(fuse_req_t request, struct node *node, struct fuse_file_info *file)
{
	const int kept = O_ACCMODE | O_APPEND | O_TRUNC | O_SYNC | O_DSYNC | O_NOATIME;
	bool is_shared = !(file->flags & (O_ACCMODE | O_TRUNC));
	struct stat st;
	int fd;

	if (is_shared && node->reading < 0)
		node->reading = open_real(server_of(request), node, O_RDONLY);
	fd = is_shared ? node->reading : open_real(server_of(request), node, file->flags & kept);
	if (fd < 0) {
		reply(request, fd);
		return;
	}
	/* A shell reads what was read for its exec; if we die, it goes on reading. */
	file->keep_cache =
		outside_name(node->name) == node->name && fstat(fd, &st) == 0 && st.st_nlink == 1;
	reply_handle(request, is_shared ? handle_to_read(fd) : handle_make(fd, NULL), file);
}

/* The late slot to somebody who only looks. */
static char *late_sight(void)
{
	struct words none = { 0 };

	return late_script(&none);
}

/* startpar gets its dependencies with lines that it can read, and with the late slot. */
static char *depend_text(const struct view *view, const struct node *node, pid_t pid)
{
	auto_close int fd = -EBADF;
	auto_free char *text = NULL;
	struct stat st;
	char name[16];
	ssize_t n;
	bool is_start = strcmp(node->name, ".depend.start") == 0;

	if ((!is_start && strcmp(node->name, ".depend.boot") != 0) || node->parent != &view->root ||
	    runner_at(view->server->starts.proc, pid).kind != RUNNER_STARTPAR)
		return NULL;
	fd = openat(view->server->fds, script_fd_name(node, name), O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	n = text ? read(fd, text, (size_t)st.st_size) : -1;
	if (n <= 0)
		return NULL;
	return late_depend(text, (size_t)n, is_start ? LATE_NAME : NULL);
}

static void open_depend(fuse_req_t request, char *text, struct fuse_file_info *file)
{
	struct handle *handle = handle_make(-EBADF, text);

	/* Before the answer: its first reader may be there before we go on. */
	if (handle)
		owed_list(server_notes(request), view_of(request)->number, handle_number(handle),
			  false, handle->text, handle->size);
	file->direct_io = 1;
	reply_handle(request, handle, file);
}

static enum answer decide_open(struct held *held, char **ret_text)
{
	bool is_watched;
	enum answer answer = starts_open(&held->view->server->starts, &held->opening, ret_text,
					 &held->until, &is_watched);

#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 11)
	/* Only a script's own closing tells us anything: the rest is spared (Linux 5.16). */
	held->file.noflush = !is_watched && (held->file.flags & O_ACCMODE) == O_RDONLY;
#endif
	return answer;
}

static void on_interrupt(fuse_req_t request, void *data)
{
	struct held *held = data;

	held->is_interrupted = true; /* libfuse holds a lock of the request: views_retry answers */
}

/* Answers an open, or leaves it in the list. Returns whether it was answered. */
static bool try_open(struct held *held)
{
	char *text = NULL;

	switch (decide_open(held, &text)) {
	case ANSWER_HOLD:
		return false;
	case ANSWER_TEXT:
		open_text(held->request, text, &held->file);
		return true;
	case ANSWER_FILE:
		break;
	}
	if (held->node->fd < 0)
		open_text(held->request, late_sight(), &held->file);
	else
		open_file(held->request, held->node, &held->file);
	return true;
}

/* Whoever comes after us, should we die, has to know of it. */
static struct unanswered *note_held(const struct view *view)
{
	struct notes *notes = board_notes(view->server->starts.board);
	size_t i;

	for (i = 0; i < BOARD_HELD_MAX; i++)
		if (!notes->held[i].unique) {
			notes->held[i] = notes->current;
			return &notes->held[i];
		}
	return NULL;
}

static void hold_open(struct held *held)
{
	struct held *kept = malloc(sizeof(*kept));

	if (!kept) { /* no memory to wait with: it runs */
		open_file(held->request, held->node, &held->file);
		return;
	}
	*kept = *held;
	kept->note = note_held(kept->view);
	kept->next = kept->view->server->held;
	kept->view->server->held = kept;
	fuse_req_interrupt_func(kept->request, on_interrupt, kept);
}

static void op_open(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	struct view *view = view_of(request);
	struct node *node = node_of(view, number);
	char *text = NULL;
	struct held held = {
		.request = request,
		.file = *file,
		.node = node,
		.view = view,
		.opening = {
			.pid = pid_of(request),
			.name = outside_name(node->name),
			.level = script_level(view, node->parent),
			.is_exec = file->flags & OPEN_FOR_EXEC,
			.is_plain = (file->flags & O_ACCMODE) == O_RDONLY && !(file->flags & O_DIRECT),
		},
	};

	if ((file->flags & O_ACCMODE) != O_RDONLY) {
		if (node->fd < 0)
			reply(request, -EROFS);
		else
			open_file(request, node, file);
		return;
	}
	text = depend_text(view, node, held.opening.pid);
	if (text)
		open_depend(request, text, &held.file);
	else if (!try_open(&held))
		hold_open(&held);
}

void views_retry(struct server *server)
{
	struct held **at = &server->held;

	while (*at) {
		struct held *held = *at;
		bool is_done = held->is_interrupted;

		if (is_done) {
			starts_abandoned(&server->starts, &held->opening);
			reply(held->request, -EINTR);
		} else {
			fuse_req_interrupt_func(held->request, NULL, NULL);
			is_done = try_open(held);
			if (!is_done)
				fuse_req_interrupt_func(held->request, on_interrupt, held);
		}
		if (is_done) {
			*at = held->next;
			if (held->note)
				held->note->unique = 0;
			free(held);
		} else {
			at = &held->next;
		}
	}
}

uint64_t views_next(const struct server *server)
{
	const struct held *held;
	uint64_t next = 0;

	for (held = server->held; held; held = held->next)
		if (!next || held->until < next)
			next = held->until;
	return next;
}

static void op_create(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode,
		      struct fuse_file_info *file)
{
	struct view *view = view_of(request);
	struct node *node = node_of(view, parent);
	struct fuse_entry_param entry;
	struct handle *handle;
	int flags = (file->flags & ~(O_NOFOLLOW | O_DIRECT)) | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
	int fd = AS_CALLER(request, openat(node->fd, name, flags, mode));
	int r = fd < 0 ? fd : script_find(view, node, name, &entry);

	if (r < 0) {
		fd_close(&fd);
		reply(request, r);
		return;
	}
	handle = handle_make(fd, NULL);
	file->fh = (uint64_t)(uintptr_t)handle;
	if (!handle)
		reply(request, -ENOMEM);
	else if (fuse_reply_create(request, &entry, file) == 0)
		return;
	handle_free(handle);
	script_node_forget(view, node_of(view, entry.ino), 1);
}

static void op_read(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset,
		    struct fuse_file_info *file)
{
	const struct handle *handle = handle_of(file);
	struct fuse_bufvec data = FUSE_BUFVEC_INIT(size);

	if (handle->text) {
		size_t from = (uint64_t)offset < handle->size ? (size_t)offset : handle->size;

		if (size > handle->size - from)
			size = handle->size - from;
		(void)fuse_reply_buf(request, handle->text + from, size);
		return;
	}
	data.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	data.buf[0].fd = handle->fd;
	data.buf[0].pos = offset;
	(void)fuse_reply_data(request, &data, FUSE_BUF_NO_SPLICE);
}

static void op_write(fuse_req_t request, fuse_ino_t number, const char *data, size_t size,
		     off_t offset, struct fuse_file_info *file)
{
	ssize_t n = pwrite(handle_of(file)->fd, data, size, offset);

	if (n < 0)
		reply(request, -errno);
	else
		(void)fuse_reply_write(request, (size_t)n);
}

/* Answered only after the record says how the script ended: its parent waits for this. */
static void op_flush(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	running_flushed(&server_of(request)->starts, fuse_req_ctx(request)->pid);
	reply(request, 0);
}

static void op_release(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	owed_list_end(server_notes(request), view_of(request)->number, file->fh);
	handle_free(handle_of(file));
	reply(request, 0);
}

static void op_fsync(fuse_req_t request, fuse_ino_t number, int datasync,
		     struct fuse_file_info *file)
{
	int fd = handle_of(file)->fd;

	reply(request, fd >= 0 && (datasync ? fdatasync(fd) : fsync(fd)) < 0 ? -errno : 0);
}

void script_ops_files(struct fuse_lowlevel_ops *ops)
{
	ops->open = op_open;
	ops->create = op_create;
	ops->read = op_read;
	ops->write = op_write;
	ops->flush = op_flush;
	ops->release = op_release;
	ops->fsync = op_fsync;
}
