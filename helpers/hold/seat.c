/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moving a view from its overlay to the disk. */
#include "config.h"

#include "hold/seat.h"
#include "hold/instead.h"
#include "hold/locks.h"
#include "hold/orphan.h"
#include "hold/owners.h"
#include "hold/search.h"

#include "common/fd.h"
#include "common/openat.h"
#include "passthrough/fusemount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One preparation. */
struct placing {
	struct view *view;
	int disk;
	bool is_apart;
	struct search *search; /* made when it is needed; owned */
	struct seat_count count;
	struct fault *fault;
};

static int fault_node(struct placing *placing, int error, const char *step, const struct node *node)
{
	char path[FAULT_OBJECT_MAX];
	char full[FAULT_OBJECT_MAX + 64];

	node_path(node, path, sizeof(path));
	(void)snprintf(full, sizeof(full), "%s%s%s", placing->view->path, path,
		       !node->names && node != &placing->view->tree.root ? "/ (a removed file)"
									 : "");
	return fault_at(placing->fault, error, step, full);
}

/* The disk has to have what the view shows, or somebody would read or write another file. */
static bool is_alike(const struct stat *view, const struct stat *disk)
{
	if (view->st_mode != disk->st_mode)
		return false;
	if (view->st_uid != disk->st_uid || view->st_gid != disk->st_gid)
		return false;
	return !(S_ISREG(view->st_mode) || S_ISLNK(view->st_mode)) ||
	       view->st_size == disk->st_size;
}

static int place_way(struct placing *placing, struct node *directory);

/* The merge has said where it is. 1: so it is. 0: nothing was said. */
static int place_instead(struct placing *placing, struct node *node, const struct stat *st)
{
	int fd = instead_open(placing->view, st);

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fault_node(placing, fd, "find on the disk", node);
	node->next_fd = fd;
	return 1;
}

/*
 * Opens the node by one of its names. 1: found. 0: none of its names is true, it has been unlinked.
 * -errno: a name is true and the disk does not have the object there.
 */
static int place_by_name(struct placing *placing, struct node *node, const struct stat *st)
{
	struct name *name;
	struct stat disk;
	int fd, r;

	for (name = node->names; name; name = name->next) {
		r = place_way(placing, name->parent);
		if (r < 0)
			return r;
		if (name->parent->next_fd < 0 || !search_is_true(name, st))
			continue;
		fd = open_walk(name->parent->next_fd, name->text, O_PATH | O_NOFOLLOW, 0);
		if (fd == -ENOENT && placing->is_apart)
			continue;
		if (fd < 0 || fstat(fd, &disk) < 0 || !is_alike(st, &disk)) {
			r = fd < 0 ? fd : -ESTALE;
			fd_close(&fd);
			/* A socket is bound to its inode: on the disk it would be dead in any case. */
			if (S_ISSOCK(st->st_mode))
				return 0;
			return fault_node(placing, r, "find on the disk", node);
		}
		node->next_fd = fd;
		return 1;
	}
	return 0;
}

/*
 * It has lost the names that we know and has others, which nobody has looked up. 1: found. Numbers
 * that several objects share say nothing: such a one is an inode of its own since it lost its name.
 */
static int place_by_search(struct placing *placing, struct node *node, const struct stat *st)
{
	struct stat disk;
	int fd;

	if (!node->files || st->st_nlink == 0 || is_number_ambiguous(st))
		return 0;
	fd = search_link(&placing->search, placing->view, st);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &disk) < 0 || !is_alike(st, &disk)) {
		int r = fd < 0 ? fd : -ESTALE;

		fd_close(&fd);
		return fault_node(placing, r, "find another link on the disk of", node);
	}
	node->next_fd = fd;
	return 1;
}

/* Without a name there is nothing on the disk; whoever has it open gets a copy. */
static int place_orphan(struct placing *placing, struct node *node, const struct stat *st)
{
	struct tree *tree = &placing->view->tree;

	if (node->files && S_ISREG(st->st_mode)) {
		node->next_fd = orphan_copy(placing->view->hold, node->fd, tree->root.next_fd);
		if (node->next_fd < 0)
			return fault_node(placing, node->next_fd, "copy the removed file", node);
		placing->count.orphans++;
		return 0;
	}
	/*
	 * Nobody can read or write it. Those who stand in it or point at it may still ask what it
	 * was; the kernel itself answers ENOENT to all else in a removed directory.
	 */
	node->last = malloc(sizeof(*node->last));
	if (!node->last)
		return fault_node(placing, -ENOMEM, "remember", node);
	*node->last = *st;
	return 0;
}

static int place_files(struct placing *placing, struct node *node)
{
	struct file *file;

	for (file = node->files; file; file = file->next) {
		file->next_fd = view_reopen_protected(placing->view->hold, node->next_fd,
						      file->flags & ~(O_TRUNC | O_DIRECT));
		if (file->next_fd < 0)
			return fault_node(placing, file->next_fd, "open on the disk", node);
		placing->count.files++;
	}
	return 0;
}

static int place_now(struct placing *placing, struct node *node)
{
	struct stat st;
	int r = view_stat(node, &st);

	if (r < 0)
		return fault_node(placing, r, "inspect", node);
	if (node == &placing->view->tree.root) {
		node->next_fd =
			view_reopen(placing->view->hold, placing->disk, O_PATH | O_DIRECTORY);
		r = node->next_fd < 0 ? node->next_fd : 1;
	} else {
		r = node->fd < 0 ? 0 : place_instead(placing, node, &st);
		if (r == 0 && node->fd >= 0)
			r = place_by_name(placing, node, &st);
		if (r == 0 && node->fd >= 0)
			r = place_by_search(placing, node, &st);
	}
	if (r < 0)
		return fault_node(placing, r, "open on the disk", node);
	if (r == 0 && !node->last)
		r = place_orphan(placing, node, &st);
	if (r < 0)
		return r;
	placing->count.nodes++;
	r = place_files(placing, node);
	if (r < 0)
		return r;
	r = locks_prepare(placing->view, node);
	return r < 0 ? fault_node(placing, r, "lock on the disk", node) : 0;
}

static struct node *unplaced_parent(const struct node *node)
{
	const struct name *name;

	for (name = node->names; name; name = name->next)
		if (!name->parent->is_placed)
			return name->parent;
	return NULL;
}

/* The directory gets its next seat, and before it what is above it. */
static int place_way(struct placing *placing, struct node *directory)
{
	struct node *next = directory->is_placed ? NULL : directory;
	struct node *todo = NULL;
	int r = 0;

	while (r == 0 && (next || todo)) {
		if (next) {
			next->is_placed = true;
			next->next_todo = todo;
			todo = next;
		} else {
			struct node *node = todo;

			todo = node->next_todo;
			r = place_now(placing, node);
		}
		next = todo ? unplaced_parent(todo) : NULL;
	}
	return r;
}

/* Notes where the node will be, so that the switch needs no system call that could fail. */
static int note_seat(struct node *node, void *data)
{
	struct view *view = data;
	struct seat *seat = &view->seats[view->seats_count];
	struct stat st;

	*seat = (struct seat){ .node = node, .ino = (ino_t)(uintptr_t)node };
	if (node->next_fd >= 0) {
		if (fstat(node->next_fd, &st) < 0)
			return -errno;
		seat->dev = st.st_dev;
		seat->ino = st.st_ino;
	}
	view->seats_count++;
	return 0;
}

static int place_one(struct node *node, void *data)
{
	if (node->is_placed)
		return 0;
	node->is_placed = true;
	return place_now(data, node);
}

static int check_mount(const struct view *view, struct fault *fault)
{
	uint64_t id = 0;
	int r = view->is_inner ? fusemount_look(view->path, view->mount_id)
			       : fusemount_id_at(view->path, &id);

	if (r == 0 && !view->is_inner && id != view->mount_id)
		r = -EBUSY; /* something was mounted over it: detaching would take that away */
	return r < 0 ? fault_at(fault, r, "detach later the view of", view->path) : 0;
}

int seat_prepare(struct view *view, int disk, bool is_apart, struct seat_count *ret_count,
		 struct fault *fault)
{
	struct placing placing = {
		.view = view, .disk = disk, .is_apart = is_apart, .fault = fault
	};
	int r = check_mount(view, fault);

	if (r < 0)
		return r;
	seat_unprepare(view);
	view->seats = calloc(view->tree.nodes + 1, sizeof(*view->seats));
	if (!view->seats)
		return fault_at(fault, -ENOMEM, "prepare", view->path);
	r = tree_each(&view->tree, place_one, &placing);
	search_free(&placing.search);
	if (r == 0) {
		r = tree_each(&view->tree, note_seat, view);
		if (r < 0)
			(void)fault_at(fault, r, "inspect on the disk", view->path);
	}
	if (r < 0) {
		view->seats_count = 0;
		seat_unprepare(view);
		return r;
	}
	*ret_count = placing.count;
	return 0;
}

static int unplace(struct node *node, void *data)
{
	struct file *file;

	if (!node->is_placed)
		return 0;
	node->is_placed = false;
	fd_close(&node->next_fd);
	if (node->fd >= 0) {
		free(node->last);
		node->last = NULL;
	}
	for (file = node->files; file; file = file->next)
		fd_close(&file->next_fd);
	owners_unprepare(node);
	return 0;
}

void seat_unprepare(struct view *view)
{
	if (!view->seats)
		return;
	(void)tree_each(&view->tree, unplace, NULL);
	free(view->seats);
	view->seats = NULL;
	view->seats_count = 0;
}

static void take_seat(struct tree *tree, const struct seat *seat)
{
	struct node *node = seat->node;
	struct file *file;

	fd_close(&node->fd);
	node->fd = take_fd(&node->next_fd);
	node->is_placed = false;
	if (node->last) /* what it was, seen from now on: nothing has a name for it */
		node->last->st_nlink = 0;
	node_rekey(tree, node, seat->dev, seat->ino);
	for (file = node->files; file; file = file->next) {
		fd_close(&file->fd);
		file->fd = take_fd(&file->next_fd);
	}
	owners_switch(node);
}

int seat_switch(struct view *view)
{
	size_t i;

	/* Point of no return: from here on nothing of this view is read or written in RAM. */
	for (i = 0; i < view->seats_count; i++)
		take_seat(&view->tree, &view->seats[i]);
	free(view->seats);
	view->seats = NULL;
	view->seats_count = 0;
	view->is_on_disk = true;
	return view->place >= 0 ? fusemount_detach_at(view->place, view->path, view->mount_id)
				: fusemount_detach(view->path, view->mount_id);
}
