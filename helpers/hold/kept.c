/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a view that stay for a while, as the serving process sees them. */
#include "config.h"

#include "hold/kept.h"
#include "hold/parts.h"

#include "common/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct kept {
	struct kept *next;
	struct view *view;
	uint64_t mount; /* by number: a descriptor of it would keep the session alive */
	dev_t dev;
	ino_t ino;
};

int kept_note(struct view *view, uint64_t mount, dev_t dev, ino_t ino)
{
	struct kept_list *list = &view->hold->kept;
	struct kept *kept = malloc(sizeof(*kept));
	int r = kept ? parts_note(view->hold->parts, mount) : -ENOMEM;

	if (r < 0) {
		free(kept);
		return r;
	}
	pthread_mutex_lock(&list->lock);
	*kept = (struct kept){ list->first, view, mount, dev, ino };
	list->first = kept;
	pthread_mutex_unlock(&list->lock);
	return 0;
}

static void drop(struct kept **at)
{
	struct kept *kept = *at;

	*at = kept->next;
	free(kept);
}

void kept_settle(struct hold *hold)
{
	struct kept **at;

	pthread_mutex_lock(&hold->kept.lock);
	for (at = &hold->kept.first; *at;) {
		if ((*at)->view->is_on_disk) {
			at = &(*at)->next;
			continue;
		}
		parts_forget(hold->parts, (*at)->mount);
		drop(at);
	}
	pthread_mutex_unlock(&hold->kept.lock);
}

/* On the disk, behind the view: asking ourselves through it is what a server must never do. */
static bool has_candidates(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd); /* owns fd */
	const struct dirent *entry;

	if (!dir) {
		fd_close(&fd);
		return true;
	}
	while ((entry = readdir(dir)))
		if (entry->d_type != DT_REG && entry->d_type != DT_LNK &&
		    strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return true;
	return false;
}

void kept_removed(struct hold *hold, int dirfd, dev_t dev, ino_t ino)
{
	struct kept **at;

	pthread_mutex_lock(&hold->kept.lock);
	for (at = &hold->kept.first; *at; at = &(*at)->next) {
		if ((*at)->dev != dev || (*at)->ino != ino)
			continue;
		if (!has_candidates(dirfd)) {
			/* Whatever fails here: the guard will try it again. */
			(void)parts_detach(hold->parts, (*at)->mount, hold->timeline, NULL);
			drop(at);
		}
		break;
	}
	pthread_mutex_unlock(&hold->kept.lock);
}
