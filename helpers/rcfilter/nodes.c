/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel has looked up below a directory of start scripts, and what is made up there. */
#include "config.h"

#include "rcfilter/ops.h"
#include "rcfilter/late.h"
#include "rcfilter/runner.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* The late slot has no inode on any disk. The size is that of no text in particular: it is read
 * with direct I/O, which asks us and not the size. */
#define LATE_INODE 0x7fffffffULL
#define LATE_SIZE 4096

static struct node **bucket_of(struct view *view, ino_t ino)
{
	return &view->bucket[ino % NODE_BUCKETS];
}

/* The node of that object under that name, with one more debt; takes fd over. NULL: no memory. */
struct node *script_node_get(struct view *view, struct node *parent, const char *name, int fd,
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
	node->reading = -EBADF;
	node->dev = st->st_dev;
	node->ino = st->st_ino;
	node->is_directory = S_ISDIR(st->st_mode);
	node->lookups = 1;
	node->next = *bucket;
	*bucket = node;
	return node;
}

void script_node_free(struct node *node)
{
	fd_close(&node->fd);
	fd_close(&node->reading);
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

void script_node_forget(struct view *view, struct node *node, uint64_t count)
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
	script_node_free(node);
}

/* The runlevel of the directory that node is. */
char script_level(const struct view *view, const struct node *node)
{
	if (node == &view->root)
		return view->place->level;
	return node && node->is_directory ? directory_level(node->name) : 0;
}

/* What name is in the directory parent where nothing real has that name. */
enum made_up made_up(const struct view *view, const struct node *parent, const char *name)
{
	char level = script_level(view, parent);

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

/* Slackware's runlevels lie inside of its directory of scripts, others' beside it. */
const char *made_up_target(const struct view *view)
{
	return view->place->level ? "../init.d/" LATE_NAME : "../" LATE_NAME;
}

void made_up_stat(enum made_up what, struct stat *ret_st)
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

enum made_up made_up_of(const struct node *node)
{
	if (node->fd >= 0)
		return MADE_UP_NOT;
	return node->ino == LATE_INODE ? MADE_UP_SCRIPT : MADE_UP_LINK;
}

int script_node_stat(const struct node *node, struct stat *ret_st)
{
	if (made_up_of(node) != MADE_UP_NOT) {
		made_up_stat(made_up_of(node), ret_st);
		return 0;
	}
	return fstatat(node->fd, "", ret_st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}
