/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations on directory streams. A stream reads all names at its beginning (and again at each
 * rewind) and gives them out from memory: so a name that is there all the time is returned exactly
 * once, whatever comes and goes meanwhile and also across the switch to the disk. Passing the file
 * system's own positions through cannot promise that (tmpfs counts from the newest name).
 */
#include "config.h"

#include "hold/ops.h"

#include "common/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_SIZE 32768

/* As getdents64 writes it. */
struct record {
	uint64_t ino;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

struct stream {
	struct node *node; /* held */
	uid_t uid; /* who has opened it, and */
	size_t taken; /* how much of what he may have it takes */
	char *records; /* owned */
	size_t *at; /* where each of them begins; owned */
	size_t count;
};

static void stream_clear(const struct view *view, struct stream *stream)
{
	allowance_give(&view->hold->streams, stream->uid, stream->taken);
	stream->taken = 0;
	free(stream->records);
	free(stream->at);
	stream->records = NULL;
	stream->at = NULL;
	stream->count = 0;
}

/* Reads all records of the directory fd into *ret_records; returns their size or -errno. */
static ssize_t read_records(int fd, char **ret_records)
{
	auto_free char *records = NULL;
	size_t used = 0;
	long n;

	do {
		char *larger = realloc(records, used + READ_SIZE);

		if (!larger)
			return -ENOMEM;
		records = larger;
		n = syscall(SYS_getdents64, fd, records + used, READ_SIZE);
		if (n < 0)
			return -errno;
		used += (size_t)n;
	} while (n > 0);
	*ret_records = take_pointer(records);
	return (ssize_t)used;
}

static const struct record *record_at(const char *records, size_t at)
{
	return (const struct record *)(const void *)(records + at); /* getdents aligns to 8 */
}

/* Notes where each of the records begins; their memory is the stream's user's. 0 or -ENOMEM. */
static int stream_index(const struct view *view, struct stream *stream, size_t size)
{
	size_t at, i, bytes;
	int r;

	for (at = 0; at < size; at += record_at(stream->records, at)->length)
		stream->count++;
	bytes = (stream->count + 1) * sizeof(*stream->at);
	r = allowance_take(&view->hold->streams, stream->uid, size + bytes);
	if (r < 0)
		return r;
	stream->taken = size + bytes;
	stream->at = malloc(bytes);
	if (!stream->at)
		return -ENOMEM;
	for (at = 0, i = 0; i < stream->count; at += record_at(stream->records, at)->length)
		stream->at[i++] = at;
	return 0;
}

static int stream_read(const struct view *view, struct stream *stream)
{
	auto_close int fd = view_reopen(view->hold, stream->node->fd, O_RDONLY | O_DIRECTORY);
	ssize_t size;
	int r;

	if (fd < 0)
		return fd;
	stream_clear(view, stream);
	size = read_records(fd, &stream->records);
	if (size < 0)
		return (int)size;
	r = stream_index(view, stream, (size_t)size);
	if (r < 0)
		stream_clear(view, stream);
	return r;
}

static struct stream *stream_of(const struct fuse_file_info *fi)
{
	return (struct stream *)(uintptr_t)fi->fh;
}

static void stream_free(struct view *view, struct stream *stream)
{
	pthread_mutex_lock(&view->tree.lock);
	node_release(&view->tree, stream->node);
	pthread_mutex_unlock(&view->tree.lock);
	stream_clear(view, stream);
	free(stream);
}

static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct view *view = view_of(req);
	struct node *node = view_node(req, ino);
	struct stream *stream = node->fd < 0 ? NULL : calloc(1, sizeof(*stream));

	if (!stream) {
		(void)fuse_reply_err(req, node->fd < 0 ? ESTALE : ENOMEM);
		return;
	}
	stream->node = node;
	stream->uid = fuse_req_ctx(req)->uid;
	pthread_mutex_lock(&view->tree.lock);
	node_hold(node);
	pthread_mutex_unlock(&view->tree.lock);
	fi->fh = (uintptr_t)stream;
	if (fuse_reply_open(req, fi) < 0)
		stream_free(view, stream);
}

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* What is known of a name without looking it up. */
static void fill_plain(const struct record *record, struct fuse_entry_param *ret_entry)
{
	*ret_entry = (struct fuse_entry_param){
		.attr.st_ino = record->ino,
		.attr.st_mode = (mode_t)DTTOIF(record->type),
	};
}

/*
 * A look-up for each name, as readdirplus wants it. "." and ".." are none, and a name that has
 * gone since it was read is given out without its attributes: the kernel will ask when it matters.
 */
static void fill_full(struct view *view, struct node *node, const struct record *record,
		      struct fuse_entry_param *ret_entry)
{
	int r = -ENOENT;

	if (!is_dot(record->name)) {
		pthread_rwlock_rdlock(&view->tree.change);
		r = entry_find(view, node, record->name, ret_entry);
		pthread_rwlock_unlock(&view->tree.change);
	}
	if (r < 0)
		fill_plain(record, ret_entry);
}

/* Fills buffer with the records from index first on; returns the bytes used. */
static size_t fill(fuse_req_t req, const struct stream *stream, char *buffer, size_t size,
		   size_t first, bool is_plus)
{
	struct view *view = view_of(req);
	size_t used = 0;
	size_t i;

	for (i = first; i < stream->count; i++) {
		const struct record *record = record_at(stream->records, stream->at[i]);
		struct fuse_entry_param entry;
		off_t next = (off_t)i + 1;
		size_t n;

		if (is_plus) {
			fill_full(view, stream->node, record, &entry);
			n = fuse_add_direntry_plus(req, buffer + used, size - used, record->name,
						   &entry, next);
		} else {
			fill_plain(record, &entry);
			n = fuse_add_direntry(req, buffer + used, size - used, record->name,
					      &entry.attr, next);
		}
		if (n > size - used) {
			if (entry.ino)
				entry_forget(view, &entry);
			break;
		}
		used += n;
	}
	return used;
}

static void read_stream(fuse_req_t req, size_t size, off_t offset, struct fuse_file_info *fi,
			bool is_plus)
{
	struct stream *stream = stream_of(fi);
	auto_free char *buffer = malloc(size);
	int r = 0;

	if (!buffer) {
		(void)fuse_reply_err(req, ENOMEM);
		return;
	}
	if (offset == 0)
		r = stream_read(view_of(req), stream);
	if (r < 0)
		(void)fuse_reply_err(req, -r);
	else
		(void)fuse_reply_buf(req, buffer,
				     fill(req, stream, buffer, size, (size_t)offset, is_plus));
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		       struct fuse_file_info *fi)
{
	read_stream(req, size, offset, fi, false);
}

static void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
			   struct fuse_file_info *fi)
{
	read_stream(req, size, offset, fi, true);
}

static void op_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	stream_free(view_of(req), stream_of(fi));
	(void)fuse_reply_err(req, 0);
}

static void op_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	auto_close int fd =
		view_reopen(view_of(req)->hold, view_node(req, ino)->fd, O_RDONLY | O_DIRECTORY);
	int r = fd;

	if (fd >= 0)
		r = (datasync ? fdatasync(fd) : fsync(fd)) < 0 ? -errno : 0;
	(void)fuse_reply_err(req, r < 0 ? -r : 0);
}

void ops_streams(struct fuse_lowlevel_ops *ops)
{
	ops->opendir = op_opendir;
	ops->readdir = op_readdir;
	ops->readdirplus = op_readdirplus;
	ops->releasedir = op_releasedir;
	ops->fsyncdir = op_fsyncdir;
}
