/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on the content of files. */
#include "config.h"

#include "hold/ops.h"
#include "hold/locks.h"
#include "hold/privileges.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct file *file_new(struct view *view, struct node *node, int *fd, int flags)
{
	struct file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->node = node;
	file->fd = take_fd(fd);
	file->next_fd = -EBADF;
	file->flags = flags;
	pthread_mutex_lock(&view->tree.lock);
	node_hold(node);
	file->next = node->files;
	node->files = file;
	pthread_mutex_unlock(&view->tree.lock);
	return file;
}

void file_free(struct view *view, struct file *file)
{
	struct file **slot;

	pthread_mutex_lock(&view->tree.lock);
	for (slot = &file->node->files; *slot != file; slot = &(*slot)->next)
		;
	*slot = file->next;
	node_release(&view->tree, file->node);
	pthread_mutex_unlock(&view->tree.lock);
	fd_close(&file->fd);
	fd_close(&file->next_fd);
	free(file);
}

/*
 * Pages that the kernel has may stay while the view is the only way to the file. Afterwards each
 * open starts afresh.
 */
static void fill_info(const struct view *view, struct file *file, struct fuse_file_info *fi)
{
	fi->fh = (uintptr_t)file;
	fi->keep_cache = !view->is_on_disk && !view->hold->is_wary;
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct view *view = view_of(req);
	struct node *node = view_node(req, ino);
	auto_close int fd = view_reopen(view->hold, node->fd, fi->flags & ~O_TRUNC);
	struct file *file;

	if (fd < 0 || fd >= view->hold->descriptors) {
		(void)fuse_reply_err(req, fd < 0 ? -fd : EMFILE);
		return;
	}
	file = file_new(view, node, &fd, fi->flags);
	if (!file) {
		(void)fuse_reply_err(req, ENOMEM);
		return;
	}
	fill_info(view, file, fi);
	if (fuse_reply_open(req, fi) < 0)
		file_free(view, file);
}

/* O_TMPFILE: a file that has no name, and may get one by linkat. O_EXCL says that it will not. */
static bool is_nameless(int flags)
{
	return (flags & O_TMPFILE) == O_TMPFILE;
}

/*
 * Makes (parent, name) and opens it. With O_EXCL always, because what is there already may be a
 * FIFO, whose opening would wait under our lock. Returns the descriptor of the new file, or -EEXIST.
 */
static int make_file(fuse_req_t req, const struct node *parent, const char *name, mode_t mode,
		     int flags)
{
	struct caller caller = view_caller(req);
	int r = caller_enter(&caller);
	int fd;

	if (r < 0)
		return r;
	if (is_nameless(flags))
		fd = openat(parent->fd, ".", (flags & ~O_DIRECT) | O_CLOEXEC, mode);
	else
		fd = openat(parent->fd, name,
			    (flags & ~(O_TRUNC | O_DIRECT)) | O_CREAT | O_EXCL | O_NOFOLLOW |
				    O_CLOEXEC,
			    mode);
	if (fd < 0)
		fd = -errno;
	caller_leave();
	return fd;
}

static int create(fuse_req_t req, struct node *parent, const char *name, mode_t mode, int flags,
		  struct fuse_entry_param *ret_entry)
{
	struct view *view = view_of(req);
	auto_close int fd = -EBADF;
	auto_close int path = -EBADF;
	struct stat st;
	int r;

	if (parent->fd < 0)
		return -ESTALE;
	r = view_room(view->hold);
	if (r < 0)
		return r;
	fd = make_file(req, parent, name, mode, flags);
	/*
	 * Made by somebody since the kernel looked. The kernel would take it for new and not ask
	 * whether the caller may open it; ESTALE makes it look again.
	 */
	if (fd == -EEXIST && !(flags & O_EXCL))
		return -ESTALE;
	if (fd < 0)
		return fd;
	path = view_reopen(view->hold, fd, O_PATH);
	if (path < 0)
		return path;
	if (fstat(path, &st) < 0)
		return -errno;
	r = is_nameless(flags) ? entry_add_nameless(view, &path, &st, ret_entry)
			       : entry_add(view, parent, name, &path, &st, ret_entry);
	return r < 0 ? r : take_fd(&fd);
}

static void op_create(fuse_req_t req, fuse_ino_t ino, const char *name, mode_t mode,
		      struct fuse_file_info *fi)
{
	struct view *view = view_of(req);
	struct fuse_entry_param entry;
	auto_close int fd = -EBADF;
	struct file *file;

	pthread_rwlock_wrlock(&view->tree.change);
	fd = create(req, view_node(req, ino), name, mode, fi->flags, &entry);
	pthread_rwlock_unlock(&view->tree.change);
	if (fd < 0) {
		(void)fuse_reply_err(req, -fd);
		return;
	}
	/* O_TMPFILE has the bit of O_DIRECTORY, which would not open the file again. */
	file = file_new(view, tree_node(&view->tree, entry.ino), &fd, fi->flags & ~O_TMPFILE);
	if (!file) {
		entry_forget(view, &entry);
		(void)fuse_reply_err(req, ENOMEM);
		return;
	}
	fill_info(view, file, fi);
	if (fuse_reply_create(req, &entry, fi) < 0) {
		file_free(view, file);
		entry_forget(view, &entry);
	}
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	auto_free char *data = malloc(size);
	ssize_t n;

	if (!data) {
		(void)fuse_reply_err(req, ENOMEM);
		return;
	}
	n = pread(view_file(fi)->fd, data, size, offset);
	if (n < 0)
		(void)fuse_reply_err(req, errno);
	else
		(void)fuse_reply_buf(req, data, (size_t)n);
}

/*
 * fcntl(F_SETFL) on the program's side is told nowhere but with each write. The file system behind
 * has to append by itself: the kernel's idea of the size may be old after the switch.
 */
static int follow_append(struct file *file, int flags)
{
	if (!((file->flags ^ flags) & O_APPEND))
		return 0;
	if (fcntl(file->fd, F_SETFL, flags & (O_APPEND | O_NONBLOCK | O_NOATIME)) < 0)
		return -errno;
	file->flags = (file->flags & ~O_APPEND) | (flags & O_APPEND);
	return 0;
}

/*
 * A page changed through mmap belongs at its offset, but the kernel sends it through any writable
 * file of the inode, also through one that appends (RWF_NOAPPEND came with Linux 6.9).
 */
static int open_for_page(const struct hold *hold, const struct file *file)
{
	return view_reopen(hold, file->node->fd, O_WRONLY);
}

/*
 * Blocks of a disk are taken as the program that asks: quotas bind it, and root's reserve is not for it.
 * 1: caller_leave is due. 0: nothing was done, in RAM or for root (who writes changed pages back, too).
 */
static int enter_for_blocks(fuse_req_t req)
{
	struct caller caller = view_caller(req);
	int r;

	if (!view_of(req)->is_on_disk || caller.uid == 0)
		return 0;
	r = caller_enter(&caller);
	return r < 0 ? r : 1;
}

/*
 * Before the content changes by a call that names no writer's rights to us. 1, 0 or -errno, as of
 * enter_for_blocks.
 */
static int enter_for_change(fuse_req_t req, const struct fuse_file_info *fi)
{
	int r = privileges_go_unsaid(req) ? privileges_take(view_of(req), view_file(fi)->node) : 0;

	return r < 0 ? r : enter_for_blocks(req);
}

/* How much was written. -errno where that is nothing, or not all that has to be. */
static ssize_t write_to(int fd, const char *data, size_t size, off_t offset, bool is_all_or_none)
{
	size_t done = 0;
	ssize_t n = 0;

	while (done < size) {
		n = pwrite(fd, data + done, size - done, offset + (off_t)done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return n < 0 && (done == 0 || is_all_or_none) ? -errno : (ssize_t)done;
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
		     struct fuse_file_info *fi)
{
	struct file *file = view_file(fi);
	auto_close int page = -EBADF;
	int fd = file->fd;
	int entered = 0;
	ssize_t r = privileges_go_with(fi) ? privileges_take(view_of(req), file->node) : 0;

	if (r >= 0 && !fi->writepage)
		r = follow_append(file, fi->flags);
	else if (r >= 0 && (file->flags & O_APPEND))
		r = fd = page = open_for_page(view_of(req)->hold, file);
	if (r >= 0)
		r = entered = enter_for_blocks(req);
	/* Of changed pages the kernel does not look how much was taken: the rest would be lost unsaid. */
	if (r >= 0)
		r = write_to(fd, data, size, offset, fi->writepage);
	if (entered > 0)
		caller_leave();
	if (r < 0)
		(void)fuse_reply_err(req, (int)-r);
	else
		(void)fuse_reply_write(req, (size_t)r);
}

/* Each close of a descriptor ends here, and takes the caller's POSIX locks on the file with it. */
static void op_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	locks_drop_owner(view_of(req), view_node(req, ino), fi->lock_owner);
	(void)fuse_reply_err(req, 0);
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct view *view = view_of(req);
	struct file *file = view_file(fi);
	bool had_flock = file->flock != 0;

	locks_drop_file(view, file);
	file_free(view, file);
	if (had_flock)
		locks_wake(&view->hold->locks);
	(void)fuse_reply_err(req, 0);
}

static void op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	int fd = view_file(fi)->fd;
	int r = datasync ? fdatasync(fd) : fsync(fd);

	(void)fuse_reply_err(req, r < 0 ? errno : 0);
}

static void op_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
			 struct fuse_file_info *fi)
{
	int entered = enter_for_change(req, fi);
	int r = entered;

	if (r >= 0)
		r = fallocate(view_file(fi)->fd, mode, offset, length) < 0 ? -errno : 0;
	if (entered > 0)
		caller_leave();
	(void)fuse_reply_err(req, -r);
}

static void op_lseek(fuse_req_t req, fuse_ino_t ino, off_t offset, int whence,
		     struct fuse_file_info *fi)
{
	off_t at = lseek(view_file(fi)->fd, offset, whence);

	if (at < 0)
		(void)fuse_reply_err(req, errno);
	else
		(void)fuse_reply_lseek(req, at);
}

/* In pieces, which the caller's kernel asks for one by one: a seal waits for each that has begun. */
#define COPY_MAX (16 * 1024 * 1024)

static void op_copy_file_range(fuse_req_t req, fuse_ino_t ino_in, off_t offset_in,
			       struct fuse_file_info *fi_in, fuse_ino_t ino_out, off_t offset_out,
			       struct fuse_file_info *fi_out, size_t length, int flags)
{
	int entered = enter_for_change(req, fi_out);
	ssize_t n = entered;

	if (n >= 0) {
		n = copy_file_range(view_file(fi_in)->fd, &offset_in, view_file(fi_out)->fd,
				    &offset_out, length < COPY_MAX ? length : COPY_MAX,
				    (unsigned int)flags);
		n = n < 0 ? -errno : n;
	}
	if (entered > 0)
		caller_leave();
	if (n < 0)
		(void)fuse_reply_err(req, (int)-n);
	else
		(void)fuse_reply_write(req, (size_t)n);
}

void ops_data(struct fuse_lowlevel_ops *ops)
{
	ops->open = op_open;
	ops->create = op_create;
	ops->read = op_read;
	ops->write = op_write;
	ops->flush = op_flush;
	ops->release = op_release;
	ops->fsync = op_fsync;
	ops->fallocate = op_fallocate;
	ops->lseek = op_lseek;
	ops->copy_file_range = op_copy_file_range;
}
