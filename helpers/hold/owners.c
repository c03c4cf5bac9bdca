/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POSIX locks and OFD locks of programs, on the backing files. */
#include "config.h"

#include "hold/owners.h"
#include "hold/ranges.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>

/* Without O_APPEND an append-only file (chattr +a) could not be opened; to a lock it is the same. */
#define WRITABLE (O_RDWR | O_APPEND)

struct lock_owner {
	struct lock_owner *next; /* of the same node */
	uint64_t owner; /* as the kernel calls it */
	int32_t pid;
	const struct file *via; /* through which it locked last */
	int fd; /* with the OFD locks; owned */
	int next_fd; /* with the same locks on the disk; owned, or -EBADF */
	int access; /* O_RDONLY or WRITABLE: how fd was opened */
	struct range *ranges;
};

static int64_t end_of(const struct flock *lock)
{
	return lock->l_len ? lock->l_start + lock->l_len - 1 : RANGE_END;
}

static int ofd_set(int fd, int64_t start, int64_t end, int type)
{
	struct flock lock = {
		.l_type = (short)type,
		.l_whence = SEEK_SET,
		.l_start = start,
		.l_len = end == RANGE_END ? 0 : end - start + 1,
	};

	return fcntl(fd, F_OFD_SETLK, &lock) < 0 ? -errno : 0;
}

static int ofd_set_all(int fd, const struct range *ranges)
{
	int r = 0;

	for (; ranges && r == 0; ranges = ranges->next)
		r = ofd_set(fd, ranges->start, ranges->end, ranges->type);
	return r;
}

static struct lock_owner *owner_find(const struct node *node, uint64_t owner)
{
	struct lock_owner *one = node->locks;

	while (one && one->owner != owner)
		one = one->next;
	return one;
}

static void owner_free(struct node *node, struct lock_owner *owner)
{
	struct lock_owner **slot = (struct lock_owner **)&node->locks;

	while (*slot != owner)
		slot = &(*slot)->next;
	*slot = owner->next;
	fd_close(&owner->fd);
	fd_close(&owner->next_fd);
	ranges_free(&owner->ranges);
	free(owner);
}

/*
 * A descriptor that was opened for reading has only read locks, so its locks can be taken a second
 * time on one for writing before it is given up: there is no moment without them.
 */
static int owner_make_writable(struct view *view, struct node *node, struct lock_owner *owner)
{
	auto_close int fd = view_reopen(view->hold, node->fd, WRITABLE);
	int r;

	if (fd < 0)
		return fd;
	r = ofd_set_all(fd, owner->ranges);
	if (r < 0)
		return r;
	fd_close(&owner->fd);
	owner->fd = take_fd(&fd);
	owner->access = WRITABLE;
	return 0;
}

/*
 * The owner's entry, made where there is none. Opened for writing only for a program that has the
 * file open so: otherwise a look at a file of the lower layer would copy it up.
 */
static int owner_get(struct view *view, struct file *file, uint64_t id,
		     struct lock_owner **ret_owner)
{
	struct node *node = file->node;
	int access = (file->flags & O_ACCMODE) == O_RDONLY ? O_RDONLY : WRITABLE;
	struct lock_owner *owner = owner_find(node, id);
	auto_close int fd = -EBADF;

	if (owner) {
		*ret_owner = owner;
		if (access == WRITABLE && owner->access == O_RDONLY)
			return owner_make_writable(view, node, owner);
		return 0;
	}
	fd = view_reopen(view->hold, node->fd, access);
	if (fd < 0 || fd >= view->hold->descriptors)
		return fd < 0 ? fd : -ENOLCK;
	owner = calloc(1, sizeof(*owner));
	if (!owner)
		return -ENOMEM;
	*owner = (struct lock_owner){ .next = node->locks,
				      .owner = id,
				      .fd = take_fd(&fd),
				      .next_fd = -EBADF,
				      .access = access };
	node->locks = owner;
	*ret_owner = owner;
	return 0;
}

static int unlock(struct node *node, uint64_t id, const struct flock *lock)
{
	struct lock_owner *owner = owner_find(node, id);
	int r;

	if (!owner)
		return 0;
	r = ofd_set(owner->fd, lock->l_start, end_of(lock), F_UNLCK);
	if (r == 0)
		r = ranges_set(&owner->ranges, lock->l_start, end_of(lock), F_UNLCK);
	if (!owner->ranges)
		owner_free(node, owner);
	return r;
}

int owner_lock(struct view *view, struct file *file, uint64_t id, const struct flock *lock)
{
	struct lock_owner *owner = NULL;
	int r;

	if (lock->l_type == F_UNLCK)
		return unlock(file->node, id, lock);
	r = owner_get(view, file, id, &owner);
	if (r < 0)
		return r;
	r = ofd_set(owner->fd, lock->l_start, end_of(lock), lock->l_type);
	if (r == 0) {
		owner->pid = lock->l_pid;
		owner->via = file;
		r = ranges_set(&owner->ranges, lock->l_start, end_of(lock), lock->l_type);
	}
	if (!owner->ranges)
		owner_free(file->node, owner);
	return r == -EACCES ? -EAGAIN : r;
}

/* Among the owners that we know, the process whose lock is in the way; -1 as for OFD locks. */
static int32_t find_holder(const struct node *node, uint64_t id, const struct flock *lock)
{
	const struct lock_owner *owner;

	for (owner = node->locks; owner; owner = owner->next)
		if (owner->owner != id &&
		    ranges_conflict(owner->ranges, lock->l_start, end_of(lock), F_WRLCK))
			return owner->pid;
	return -1;
}

int owner_query(const struct file *file, uint64_t id, struct flock *lock)
{
	const struct lock_owner *owner = owner_find(file->node, id);

	lock->l_pid = 0; /* OFD commands insist on it */
	if (fcntl(owner ? owner->fd : file->fd, F_OFD_GETLK, lock) < 0)
		return -errno;
	if (lock->l_type != F_UNLCK && lock->l_pid == -1)
		lock->l_pid = find_holder(file->node, id, lock);
	return 0;
}

bool owner_drop(struct node *node, uint64_t id)
{
	struct lock_owner *owner = owner_find(node, id);

	if (owner)
		owner_free(node, owner);
	return owner;
}

bool owners_drop_file(struct file *file)
{
	struct lock_owner *owner, *next;
	bool is_any = false;

	for (owner = file->node->locks; owner; owner = next) {
		next = owner->next;
		if (owner->via == file) {
			owner_free(file->node, owner);
			is_any = true;
		}
	}
	return is_any;
}

static int prepare_owner(struct view *view, struct node *node, struct lock_owner *owner)
{
	owner->next_fd = view_reopen_protected(view->hold, node->next_fd, owner->access);
	if (owner->next_fd < 0)
		return owner->next_fd;
	return ofd_set_all(owner->next_fd, owner->ranges);
}

int owners_prepare(struct view *view, struct node *node)
{
	struct lock_owner *owner;
	int r = 0;

	for (owner = node->locks; owner && r == 0; owner = owner->next)
		r = prepare_owner(view, node, owner);
	return r;
}

void owners_switch(struct node *node)
{
	struct lock_owner *owner;

	for (owner = node->locks; owner; owner = owner->next) {
		fd_close(&owner->fd);
		owner->fd = take_fd(&owner->next_fd);
	}
}

void owners_unprepare(struct node *node)
{
	struct lock_owner *owner;

	for (owner = node->locks; owner; owner = owner->next)
		fd_close(&owner->next_fd);
}
