/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory of start scripts as it is shown. Every operation replies exactly once, or leaves its
 * request in server->held, from where views_retry replies.
 */
#include "config.h"

#include "rcfilter/view.h"
#include "rcfilter/late.h"
#include "common/fd.h"
#include "passthrough/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

/* The late slot has no inode on any disk. The size is that of no text in particular: it is read
 * with direct I/O, which asks us and not the size. */
#define LATE_INODE 0x7fffffffULL
#define LATE_SIZE 4096

/* Of an open that is to be executed: FMODE_EXEC, which the kernel hands down (all since 2.6). */
#define OPEN_FOR_EXEC 0x20

/* A served file: a descriptor of the real one, or a text in its place. */
struct handle {
	int fd; /* owned; -EBADF: text */
	char *text; /* owned */
	size_t size;
};

/* The names of a directory as they were when it was opened: offsets stay what they are. */
struct names {
	size_t count;
	struct {
		char *name;
		ino_t ino;
		mode_t mode;
	} * list;
};

static struct view *view_of(fuse_req_t request)
{
	return fuse_req_userdata(request);
}

static struct server *server_of(fuse_req_t request)
{
	return view_of(request)->server;
}

static pid_t pid_of(fuse_req_t request)
{
	return fuse_req_ctx(request)->pid;
}

static void reply(fuse_req_t request, int r)
{
	(void)fuse_reply_err(request, r < 0 ? -r : 0); /* fails only when nobody waits any more */
}

/* --- nodes ----------------------------------------------------------------------------------- */

static struct node *node_of(struct view *view, fuse_ino_t number)
{
	return number == FUSE_ROOT_ID ? &view->root : (struct node *)(uintptr_t)number;
}

static fuse_ino_t number_of(const struct view *view, const struct node *node)
{
	return node == &view->root ? FUSE_ROOT_ID : (fuse_ino_t)(uintptr_t)node;
}

static struct node **bucket_of(struct view *view, ino_t ino)
{
	return &view->bucket[ino % NODE_BUCKETS];
}

/* The node of that object under that name, with one more debt; takes fd over. NULL: no memory. */
static struct node *node_get(struct view *view, struct node *parent, const char *name, int fd,
			     const struct stat *st)
{
	struct node **bucket = bucket_of(view, st->st_ino);
	struct node *node;

	for (node = *bucket; node; node = node->next)
		if (node->ino == st->st_ino && node->dev == st->st_dev && node->parent == parent &&
		    strcmp(node->name, name) == 0) {
			fd_close(&fd);
			node->lookups++;
			return node;
		}
	node = calloc(1, sizeof(*node));
	if (node)
		node->name = strdup(name);
	if (!node || !node->name) {
		free(node);
		fd_close(&fd);
		return NULL;
	}
	node->parent = parent;
	node->fd = fd;
	node->dev = st->st_dev;
	node->ino = st->st_ino;
	node->is_directory = S_ISDIR(st->st_mode);
	node->lookups = 1;
	node->next = *bucket;
	*bucket = node;
	return node;
}

static void node_free(struct node *node)
{
	fd_close(&node->fd);
	free(node->name);
	free(node);
}

/* Children that outlive their directory's node only know that it is gone. */
static void orphan_children(struct view *view, const struct node *parent)
{
	struct node *node;
	size_t i;

	for (i = 0; i < NODE_BUCKETS; i++)
		for (node = view->bucket[i]; node; node = node->next)
			if (node->parent == parent)
				node->parent = NULL;
}

static void node_forget(struct view *view, struct node *node, uint64_t count)
{
	struct node **at;

	if (node == &view->root)
		return;
	node->lookups -= count < node->lookups ? count : node->lookups;
	if (node->lookups)
		return;
	for (at = bucket_of(view, node->ino); *at != node; at = &(*at)->next)
		;
	*at = node->next;
	if (node->is_directory)
		orphan_children(view, node);
	node_free(node);
}

/* The runlevel of the directory that node is. */
static char level_of(const struct view *view, const struct node *node)
{
	if (node == &view->root)
		return view->place->level;
	return node && node->is_directory ? directory_level(node->name) : 0;
}

/* --- the late slot --------------------------------------------------------------------------- */

enum made_up { MADE_UP_NOT, MADE_UP_SCRIPT, MADE_UP_LINK };

/* What name is in the directory parent where nothing real has that name. */
static enum made_up made_up(const struct view *view, const struct node *parent, const char *name)
{
	char level = level_of(view, parent);

	if (view->server->starts.board->over || (parent != &view->root && !level))
		return MADE_UP_NOT;
	if (!level && strcmp(name, LATE_NAME) == 0)
		return MADE_UP_SCRIPT;
	if (strcmp(name, LATE_ENTRY) != 0)
		return MADE_UP_NOT;
	if (level >= '2' && level <= '5')
		return MADE_UP_LINK;
	return !level && view->place->is_flat ? MADE_UP_SCRIPT : MADE_UP_NOT;
}

static void made_up_stat(enum made_up what, struct stat *ret_st)
{
	bool is_link = what == MADE_UP_LINK;

	*ret_st = (struct stat){
		.st_ino = LATE_INODE + is_link,
		.st_mode = is_link ? S_IFLNK | 0777 : S_IFREG | 0755,
		.st_nlink = 1,
		.st_size = is_link ? (off_t)strlen("../init.d/" LATE_NAME) : LATE_SIZE,
		.st_blksize = LATE_SIZE,
	};
}

static enum made_up made_up_of(const struct node *node)
{
	if (node->fd >= 0)
		return MADE_UP_NOT;
	return node->ino == LATE_INODE ? MADE_UP_SCRIPT : MADE_UP_LINK;
}

static int stat_of(const struct node *node, struct stat *ret_st)
{
	if (made_up_of(node) != MADE_UP_NOT) {
		made_up_stat(made_up_of(node), ret_st);
		return 0;
	}
	return fstatat(node->fd, "", ret_st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* --- names ----------------------------------------------------------------------------------- */

/*
 * How long the kernel may remember a name and its attributes. Without that a start asks thirty times
 * and not ten. Whatever changes here comes through the kernel, which forgets by itself; only a
 * second name of the same file would not know. Nothing that differs from process to process is
 * remembered: opens, links and lists always come to us.
 */
static double memory_of(const struct stat *st)
{
	return S_ISDIR(st->st_mode) || st->st_nlink == 1 ? 1.0 : 0.0;
}

static int find(struct view *view, struct node *parent, const char *name,
		struct fuse_entry_param *ret_entry)
{
	auto_close int fd = -EBADF;
	enum made_up what;
	struct node *node;
	struct stat st;

	if (parent->fd < 0)
		return -ENOTDIR;
	fd = openat(parent->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		what = errno == ENOENT ? made_up(view, parent, name) : MADE_UP_NOT;
		if (what == MADE_UP_NOT)
			return -errno;
		made_up_stat(what, &st);
	} else if (fstatat(fd, "", &st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0) {
		return -errno;
	}
	node = node_get(view, parent, name, take_fd(&fd), &st);
	if (!node)
		return -ENOMEM;
	*ret_entry = (struct fuse_entry_param){ .ino = number_of(view, node), .attr = st };
	if (made_up_of(node) == MADE_UP_NOT)
		ret_entry->attr_timeout = ret_entry->entry_timeout = memory_of(&st);
	return 0;
}

static void reply_entry(fuse_req_t request, struct node *parent, const char *name)
{
	struct view *view = view_of(request);
	struct fuse_entry_param entry;
	int r = find(view, parent, name, &entry);

	if (r < 0)
		reply(request, r);
	else if (fuse_reply_entry(request, &entry) < 0)
		node_forget(view, node_of(view, entry.ino), 1);
}

static void op_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	reply_entry(request, node_of(view_of(request), parent), name);
}

static void op_forget(fuse_req_t request, fuse_ino_t number, uint64_t count)
{
	node_forget(view_of(request), node_of(view_of(request), number), count);
	fuse_reply_none(request);
}

static void op_forget_multi(fuse_req_t request, size_t count, struct fuse_forget_data *forgets)
{
	size_t i;

	for (i = 0; i < count; i++)
		node_forget(view_of(request), node_of(view_of(request), forgets[i].ino),
			    forgets[i].nlookup);
	fuse_reply_none(request);
}

static void op_readlink(fuse_req_t request, fuse_ino_t number)
{
	struct view *view = view_of(request);
	struct node *node = node_of(view, number);
	char target[PATH_MAX + 1];
	ssize_t n;

	if (node->parent && level_of(view, node->parent))
		starts_seen(&view->server->starts, pid_of(request), node->name);
	if (made_up_of(node) == MADE_UP_LINK) {
		(void)fuse_reply_readlink(request, "../init.d/" LATE_NAME);
		return;
	}
	n = readlinkat(node->fd, "", target, sizeof(target) - 1);
	if (n < 0) {
		reply(request, -errno);
		return;
	}
	target[n] = '\0';
	(void)fuse_reply_readlink(request, target);
}

/* Runs the call that makes or removes a name as the program that asked for it. */
#define AS_CALLER(request, call)                                                             \
	__extension__({                                                                      \
		const struct fuse_ctx *context_ = fuse_req_ctx(request);                     \
		const struct caller caller_ = { context_->uid, context_->gid, context_->pid, \
						context_->umask };                           \
		int result_ = caller_enter(&caller_);                                        \
		if (result_ == 0) {                                                          \
			result_ = (int)(call);                                               \
			if (result_ < 0)                                                     \
				result_ = -errno;                                            \
			caller_leave();                                                      \
		}                                                                            \
		result_;                                                                     \
	})

static void reply_made(fuse_req_t request, int r, struct node *parent, const char *name)
{
	if (r < 0)
		reply(request, r);
	else
		reply_entry(request, parent, name);
}

static void op_mknod(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode,
		     dev_t rdev)
{
	struct node *node = node_of(view_of(request), parent);
	int r = AS_CALLER(request, mknodat(node->fd, name, mode, rdev));

	reply_made(request, r, node, name);
}

static void op_mkdir(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode)
{
	struct node *node = node_of(view_of(request), parent);
	int r = AS_CALLER(request, mkdirat(node->fd, name, mode));

	reply_made(request, r, node, name);
}

static void op_symlink(fuse_req_t request, const char *target, fuse_ino_t parent, const char *name)
{
	struct node *node = node_of(view_of(request), parent);
	int r = AS_CALLER(request, symlinkat(target, node->fd, name));

	reply_made(request, r, node, name);
}

static void op_link(fuse_req_t request, fuse_ino_t number, fuse_ino_t parent, const char *name)
{
	struct view *view = view_of(request);
	struct node *node = node_of(view, parent);
	int r = 0;

	if (linkat(node_of(view, number)->fd, "", node->fd, name, AT_EMPTY_PATH) < 0)
		r = -errno;
	reply_made(request, r, node, name);
}

static void op_unlink(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	struct node *node = node_of(view_of(request), parent);

	reply(request, unlinkat(node->fd, name, 0) < 0 ? -errno : 0);
}

static void op_rmdir(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	struct node *node = node_of(view_of(request), parent);

	reply(request, unlinkat(node->fd, name, AT_REMOVEDIR) < 0 ? -errno : 0);
}

/* What was looked up under (from, name) is (to, fresh) from now on. */
static void rename_nodes(struct view *view, struct node *from, const char *name, struct node *to,
			 const char *fresh)
{
	struct node *node;
	size_t i;

	for (i = 0; i < NODE_BUCKETS; i++)
		for (node = view->bucket[i]; node; node = node->next) {
			char *copy;

			if (node->parent != from || strcmp(node->name, name) != 0)
				continue;
			copy = strdup(fresh);
			if (!copy)
				continue; /* under its old name it is asked for again in a second */
			free(node->name);
			node->name = copy;
			node->parent = to;
		}
}

static void op_rename(fuse_req_t request, fuse_ino_t from, const char *name, fuse_ino_t to,
		      const char *fresh, unsigned int flags)
{
	static const char aside[] = ""; /* no name of a file, so nobody is in the way there */
	struct view *view = view_of(request);
	struct node *old = node_of(view, from);
	struct node *new = node_of(view, to);

	if (renameat2(old->fd, name, new->fd, fresh, flags) < 0) {
		reply(request, -errno);
		return;
	}
	rename_nodes(view, new, fresh, new, aside);
	rename_nodes(view, old, name, new, fresh);
	if (flags & RENAME_EXCHANGE)
		rename_nodes(view, new, aside, old, name);
	reply(request, 0);
}

/* --- attributes ------------------------------------------------------------------------------ */

static void reply_attr(fuse_req_t request, const struct node *node)
{
	struct stat st;
	int r = stat_of(node, &st);

	if (r < 0)
		reply(request, r);
	else
		(void)fuse_reply_attr(request, &st, memory_of(&st));
}

static void op_getattr(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	reply_attr(request, node_of(view_of(request), number));
}

/* An O_PATH descriptor can neither be changed nor read: its entry in /proc/self/fd leads on. */
static const char *fd_name(const struct node *node, char name[16])
{
	(void)snprintf(name, 16, "%d", node->fd);
	return name;
}

static void fd_path(const struct node *node, char path[64])
{
	(void)snprintf(path, 64, "/proc/self/fd/%d", node->fd);
}

static struct timespec time_of(int to_set, int set, int set_now, struct timespec value)
{
	if (to_set & set_now)
		value.tv_nsec = UTIME_NOW;
	else if (!(to_set & set))
		value.tv_nsec = UTIME_OMIT;
	return value;
}

static int set_attributes(const struct server *server, const struct node *node,
			  const struct stat *attr, int to_set)
{
	const int times = FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_ATIME_NOW |
			  FUSE_SET_ATTR_MTIME_NOW;
	char name[16];

	(void)fd_name(node, name);
	if ((to_set & FUSE_SET_ATTR_MODE) && fchmodat(server->fds, name, attr->st_mode, 0) < 0)
		return -errno;
	if ((to_set & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)) &&
	    fchownat(node->fd, "", to_set & FUSE_SET_ATTR_UID ? attr->st_uid : (uid_t)-1,
		     to_set & FUSE_SET_ATTR_GID ? attr->st_gid : (gid_t)-1, AT_EMPTY_PATH) < 0)
		return -errno;
	if (to_set & FUSE_SET_ATTR_SIZE) {
		auto_close int fd = openat(server->fds, name, O_WRONLY | O_CLOEXEC);

		if (fd < 0 || ftruncate(fd, attr->st_size) < 0)
			return -errno;
	}
	if (to_set & times) {
		struct timespec when[2] = {
			time_of(to_set, FUSE_SET_ATTR_ATIME, FUSE_SET_ATTR_ATIME_NOW,
				attr->st_atim),
			time_of(to_set, FUSE_SET_ATTR_MTIME, FUSE_SET_ATTR_MTIME_NOW,
				attr->st_mtim),
		};

		if (utimensat(server->fds, name, when, 0) < 0)
			return -errno;
	}
	return 0;
}

static void op_setattr(fuse_req_t request, fuse_ino_t number, struct stat *attr, int to_set,
		       struct fuse_file_info *file)
{
	const struct node *node = node_of(view_of(request), number);
	int r = node->fd < 0 ? -EROFS : set_attributes(server_of(request), node, attr, to_set);

	if (r < 0)
		reply(request, r);
	else
		reply_attr(request, node);
}

static void op_statfs(fuse_req_t request, fuse_ino_t number)
{
	struct statvfs st;

	if (fstatvfs(view_of(request)->root.fd, &st) < 0)
		reply(request, -errno);
	else
		(void)fuse_reply_statfs(request, &st);
}

static void reply_xattr(fuse_req_t request, ssize_t n, const char *value, size_t size)
{
	if (n < 0)
		reply(request, -errno);
	else if (!size)
		(void)fuse_reply_xattr(request, (size_t)n);
	else
		(void)fuse_reply_buf(request, value, (size_t)n);
}

static void op_getxattr(fuse_req_t request, fuse_ino_t number, const char *name, size_t size)
{
	const struct node *node = node_of(view_of(request), number);
	auto_free char *value = malloc(size + 1);
	char path[64];

	fd_path(node, path);
	if (node->fd < 0 || !value)
		reply(request, node->fd < 0 ? -ENODATA : -ENOMEM);
	else
		reply_xattr(request, getxattr(path, name, value, size), value, size);
}

static void op_listxattr(fuse_req_t request, fuse_ino_t number, size_t size)
{
	const struct node *node = node_of(view_of(request), number);
	auto_free char *value = malloc(size + 1);
	char path[64];

	fd_path(node, path);
	if (!value)
		reply(request, -ENOMEM);
	else
		reply_xattr(request, node->fd < 0 ? 0 : listxattr(path, value, size), value, size);
}

static void op_setxattr(fuse_req_t request, fuse_ino_t number, const char *name, const char *value,
			size_t size, int flags)
{
	char path[64];

	fd_path(node_of(view_of(request), number), path);
	reply(request, setxattr(path, name, value, size, flags) < 0 ? -errno : 0);
}

static void op_removexattr(fuse_req_t request, fuse_ino_t number, const char *name)
{
	char path[64];

	fd_path(node_of(view_of(request), number), path);
	reply(request, removexattr(path, name) < 0 ? -errno : 0);
}

/* --- files ----------------------------------------------------------------------------------- */

static struct handle *handle_of(const struct fuse_file_info *file)
{
	return (struct handle *)(uintptr_t)file->fh;
}

static void handle_free(struct handle *handle)
{
	if (!handle)
		return;
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
	*handle = (struct handle){ fd, text, text ? strlen(text) : 0 };
	return handle;
}

static void reply_handle(fuse_req_t request, struct handle *handle, struct fuse_file_info *file)
{
	if (!handle) {
		reply(request, -ENOMEM);
		return;
	}
	file->fh = (uint64_t)(uintptr_t)handle;
	if (fuse_reply_open(request, file) < 0)
		handle_free(handle); /* a signal came: nobody will release it */
}

static void open_text(fuse_req_t request, char *text, struct fuse_file_info *file)
{
	file->direct_io = 1; /* our text has not the file's size, and must not stay in its cache */
	reply_handle(request, handle_make(-EBADF, text), file);
}

static void open_file(fuse_req_t request, const struct node *node, struct fuse_file_info *file)
{
	const int kept = O_ACCMODE | O_APPEND | O_TRUNC | O_SYNC | O_DSYNC | O_NOATIME;
	char name[16];
	struct stat st;
	int fd = openat(server_of(request)->fds, fd_name(node, name),
			(file->flags & kept) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	/* A shell reads what was read for its exec; if we die, it goes on reading. */
	file->keep_cache = fd >= 0 && fstat(fd, &st) == 0 && st.st_nlink == 1;
	if (fd < 0)
		reply(request, -errno);
	else
		reply_handle(request, handle_make(fd, NULL), file);
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
	fd = openat(view->server->fds, fd_name(node, name), O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	n = text ? read(fd, text, (size_t)st.st_size) : -1;
	if (n <= 0)
		return NULL;
	return late_depend(text, (size_t)n, is_start ? LATE_NAME : NULL);
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
			.name = node->name,
			.level = level_of(view, node->parent),
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
		open_text(request, text, &held.file);
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
	int r = fd < 0 ? fd : find(view, node, name, &entry);

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
	node_forget(view, node_of(view, entry.ino), 1);
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
	starts_flushed(&server_of(request)->starts, pid_of(request));
	reply(request, 0);
}

static void op_release(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	handle_free(handle_of(file));
	reply(request, 0);
}

static void op_fsync(fuse_req_t request, fuse_ino_t number, int datasync,
		     struct fuse_file_info *file)
{
	int fd = handle_of(file)->fd;

	reply(request, fd >= 0 && (datasync ? fdatasync(fd) : fsync(fd)) < 0 ? -errno : 0);
}

/* --- directories ----------------------------------------------------------------------------- */

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

	if (what == MADE_UP_NOT || !starts_is_listing(&view->server->starts, pid))
		return 0;
	for (i = 0; i < names->count; i++)
		if (strcmp(names->list[i].name, LATE_ENTRY) == 0)
			return 0;
	made_up_stat(what, &st);
	return names_add(names, LATE_ENTRY, st.st_ino, st.st_mode);
}

static void op_opendir(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	struct view *view = view_of(request);
	struct server *server = view->server;
	struct node *node = node_of(view, number);
	struct names *names;
	int r;

	if (starts_directory(&server->starts, pid_of(request), level_of(view, node),
			     node == &view->root && view->place->is_flat))
		server->detach(server); /* before the runner of halt has its answer */
	names = calloc(1, sizeof(*names));
	r = names ? names_read(names, node->fd) : -ENOMEM;
	if (r == 0)
		r = names_add_late(names, view, node, pid_of(request));
	file->fh = (uint64_t)(uintptr_t)names;
	file->cache_readdir = 0;
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
	size_t used = 0;
	size_t i;

	if (!buffer) {
		reply(request, -ENOMEM);
		return;
	}
	for (i = (size_t)offset; i < names->count; i++) {
		struct stat st = { .st_ino = names->list[i].ino, .st_mode = names->list[i].mode };
		size_t room = fuse_add_direntry(request, buffer + used, size - used,
						names->list[i].name, &st, (off_t)i + 1);

		if (room > size - used)
			break;
		used += room;
	}
	(void)fuse_reply_buf(request, buffer, used);
}

static void op_releasedir(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
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

/* --- a session ------------------------------------------------------------------------------- */

static void op_init(void *data, struct fuse_conn_info *connection)
{
	/*
	 * Without AUTO_INVAL_DATA a shell that has its script in the cache reads on without asking
	 * for its size first; with it, it could not when we have died.
	 */
	connection->want &= ~(unsigned int)(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_READDIRPLUS |
					    FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_SPLICE_READ |
					    FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
}

const struct fuse_lowlevel_ops view_operations = {
	.init = op_init,
	.lookup = op_lookup,
	.forget = op_forget,
	.forget_multi = op_forget_multi,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.readlink = op_readlink,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.unlink = op_unlink,
	.rmdir = op_rmdir,
	.symlink = op_symlink,
	.rename = op_rename,
	.link = op_link,
	.open = op_open,
	.create = op_create,
	.read = op_read,
	.write = op_write,
	.flush = op_flush,
	.release = op_release,
	.fsync = op_fsync,
	.opendir = op_opendir,
	.readdir = op_readdir,
	.releasedir = op_releasedir,
	.fsyncdir = op_fsyncdir,
	.statfs = op_statfs,
	.setxattr = op_setxattr,
	.getxattr = op_getxattr,
	.listxattr = op_listxattr,
	.removexattr = op_removexattr,
};

int view_start(struct view *view, struct server *server, size_t number, int device)
{
	const struct place *place = &server->starts.scripts->place[number];
	char name[] = "initfs-rcfilter";
	char *words[] = { name, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, words);
	char path[32];
	int flags = fcntl(device, F_GETFL);
	struct stat st;

	*view = (struct view){ .server = server, .number = number, .place = place };
	if (fstat(place->fd, &st) < 0 || flags < 0 ||
	    fcntl(device, F_SETFL, flags | O_NONBLOCK) < 0) {
		fd_close(&device);
		return -errno;
	}
	view->root = (struct node){ .fd = place->fd,
				    .dev = st.st_dev,
				    .ino = st.st_ino,
				    .is_directory = true,
				    .name = place->path };
	view->session = fuse_session_new(&args, &view_operations, sizeof(view_operations), view);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", device);
	/* From here on the session owns the device. */
	if (!view->session || fuse_session_mount(view->session, path) < 0) {
		fd_close(&device);
		return -ENOMEM;
	}
	return 0;
}

void view_stop(struct view *view)
{
	struct node *node;
	size_t i;

	if (view->session)
		fuse_session_destroy(view->session);
	view->session = NULL;
	for (i = 0; i < NODE_BUCKETS; i++)
		while ((node = view->bucket[i])) {
			view->bucket[i] = node->next;
			node_free(node);
		}
}
