/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another object in place of the one of that name. */
#include "config.h"

#include "hold/instead.h"

#include "common/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

int instead_note(struct view *view, ino_t ino, int fd)
{
	struct instead *instead = malloc(sizeof(*instead));

	if (!instead)
		return -ENOMEM;
	*instead = (struct instead){ .next = view->instead, .ino = ino };
	instead->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (instead->fd < 0) {
		int r = -errno;

		free(instead);
		return r;
	}
	view->instead = instead;
	return 0;
}

int instead_open(const struct view *view, const struct stat *st)
{
	const struct instead *instead;
	struct stat disk;
	int fd;

	for (instead = view->instead; instead; instead = instead->next)
		if (instead->ino == st->st_ino)
			break;
	if (!instead)
		return -ENOENT;
	if (fstat(instead->fd, &disk) < 0)
		return -errno;
	if ((disk.st_mode & S_IFMT) != (st->st_mode & S_IFMT))
		return -ESTALE;
	fd = fcntl(instead->fd, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

void instead_free(struct view *view)
{
	while (view->instead) {
		struct instead *instead = view->instead;

		view->instead = instead->next;
		fd_close(&instead->fd);
		free(instead);
	}
}

struct look {
	ino_t ino;
	bool is_appended;
};

static int look_at(struct node *node, void *data)
{
	struct look *look = data;
	const struct file *file;
	struct stat st;

	if (!node->files || view_stat(node, &st) < 0 || st.st_ino != look->ino)
		return 0;
	for (file = node->files; file; file = file->next)
		if ((file->flags & O_ACCMODE) != O_RDONLY && !(file->flags & O_APPEND))
			look->is_appended = false;
	return 0;
}

bool instead_is_appended(struct view *view, ino_t ino)
{
	struct look look = { ino, true };

	pthread_mutex_lock(&view->tree.lock);
	(void)tree_each(&view->tree, look_at, &look);
	pthread_mutex_unlock(&view->tree.lock);
	return look.is_appended;
}
