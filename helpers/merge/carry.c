/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounts inside of protected directories. */
#include "config.h"

#include "merge/carry.h"
#include "merge/views.h"
#include "common/fd.h"
#include "common/mountfd.h"
#include "common/mountinfo.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define SOCKETS "/run/initfs/sockets"
/* A name that nobody has in a directory of sockets. */
#define NEW_LINK ".initfs-new"

/* What a look through mountinfo is for. */
struct search {
	struct carry *carry;
	const struct layer *layer;
	struct fault *fault;
};

/* Calls found, with a search, for each mount that is directly on a layer's view. */
static int each(struct carry *carry, const struct layer *layers, size_t count, views_fn *found,
		struct fault *fault)
{
	auto_free char *text = NULL;
	size_t i;
	int r = mountinfo_read(&text);

	for (i = 0; r == 0 && i < count; i++) {
		struct search search = { carry, &layers[i], fault };
		enum view_state state;
		uint64_t view;

		r = views_look(text, layers[i].name, &state, &view);
		if (r == 0 && state != VIEW_LIVE)
			return fault_at(fault, -ENOENT, "find the view over", layers[i].name);
		if (r == 0)
			r = views_each_child(text, view, found, &search);
	}
	return r < 0 ? fault_at(fault, r, "read the mounts in", MOUNTINFO_PATH) : 0;
}

/*
 * What the kernel knows by itself: the mount's number and device. A user's FUSE (an AppImage in /tmp)
 * refuses root all that it is asked for, and may never answer.
 */
static int ask_kernel(int mount, struct statx *ret_st)
{
	return statx(mount, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, ret_st);
}

/* Is the mount one of supervise's directories of sockets? Then *ret_path is its real place. */
static int sockets_of(int mount, char **ret_path)
{
	auto_close int top = open(SOCKETS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *dir = top < 0 ? NULL : fdopendir(top);
	const struct dirent *entry;
	struct stat wanted, st;
	struct statx sx;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	(void)take_fd(&top);
	if (fstat(dirfd(dir), &st) < 0 || ask_kernel(mount, &sx) < 0)
		return -errno;
	if (makedev(sx.stx_dev_major, sx.stx_dev_minor) != st.st_dev)
		return 0;
	if (fstat(mount, &wanted) < 0)
		return -errno;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    st.st_dev != wanted.st_dev || st.st_ino != wanted.st_ino)
			continue;
		return asprintf(ret_path, SOCKETS "/%s", entry->d_name) < 0 ? -ENOMEM : 0;
	}
	return 0;
}

/* Opens what is on top at the path; a mount that is covered by another one is carried with it. */
static int open_mount(const struct mountinfo *mount, struct carried *carried, struct fault *fault)
{
	struct statx st;

	carried->mount = open(mount->target, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (carried->mount < 0)
		return fault_at(fault, -errno, "open the mount", mount->target);
	if (ask_kernel(carried->mount, &st) < 0)
		return fault_at(fault, -errno, "inspect the mount", mount->target);
	if (st.stx_mnt_id != mount->id)
		return fault_because(fault, -EBUSY, "carry the mount", mount->target,
				     "another one is mounted over it");
	return 0;
}

static int note_mount(void *data, const struct mountinfo *mount)
{
	const struct search *search = data;
	const struct layer *layer = search->layer;
	struct carry *carry = search->carry;
	struct fault *fault = search->fault;
	struct carried *carried = &carry->list[carry->count];
	int r;

	if (carry->count == CARRY_MAX)
		return fault_at(fault, -E2BIG, "carry the mount", mount->target);
	*carried = (struct carried){
		.id = mount->id, .layer = layer, .mount = -EBADF, .clone = -EBADF
	};
	carry->count++;
	carried->path = strdup(mount->target + strlen(layer->name));
	if (!carried->path || carried->path[0] != '/')
		return fault_at(fault, carried->path ? -EINVAL : -ENOMEM, "carry the mount",
				mount->target);
	r = open_mount(mount, carried, fault);
	if (r < 0)
		return r;
	r = sockets_of(carried->mount, &carried->sockets);
	return r < 0 ? fault_at(fault, r, "look for sockets in", SOCKETS) : 0;
}

int carry_find(struct carry *carry, const struct layer *layers, size_t count, struct fault *fault)
{
	*carry = (struct carry){ 0 };
	return each(carry, layers, count, note_mount, fault);
}

static int check_mount(void *data, const struct mountinfo *mount)
{
	const struct search *search = data;
	struct carry *carry = search->carry;
	size_t i;

	for (i = 0; i < carry->count; i++) {
		if (carry->list[i].id == mount->id) {
			carry->list[i].id = 0; /* in the copy that carry_check made */
			return 0;
		}
	}
	return fault_because(search->fault, -EAGAIN, "carry the mount", mount->target,
			     "it was mounted just now");
}

int carry_check(const struct carry *carry, const struct layer *layers, size_t count,
		struct fault *fault)
{
	struct carry left = *carry;
	size_t i;
	int r = each(&left, layers, count, check_mount, fault);

	for (i = 0; r == 0 && i < left.count; i++)
		if (left.list[i].id)
			r = fault_because(fault, -EAGAIN, "carry the mount", left.list[i].path,
					  "it was unmounted just now");
	return r;
}

/* A file handle opened on the root's mount is the directory underneath. */
int carry_underneath(int root, int place)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} at = { .handle = { .handle_bytes = MAX_HANDLE_SZ } };
	int mount_id;
	int fd;

	if (name_to_handle_at(place, "", &at.handle, &mount_id, AT_EMPTY_PATH) < 0)
		return -errno;
	fd = open_by_handle_at(root, &at.handle, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int attach(struct carried *carried, int root, struct fault *fault)
{
	auto_close int place =
		open_walk(carried->layer->lower, carried->path + 1, O_PATH | O_NOFOLLOW, 0);
	int anchor = carried->layer->anchor >= 0 ? carried->layer->anchor : root;
	auto_close int underneath = place < 0 ? place : carry_underneath(anchor, place);
	auto_close int clone = -EBADF;
	int r;

	if (underneath < 0)
		return fault_at(fault, underneath, "find on the disk the place of the mount",
				carried->path);
	clone = mountfd_clone(carried->mount, "", true, fault);
	if (clone < 0)
		return clone;
	r = mountfd_attach(clone, underneath, "", fault);
	if (r < 0)
		return r;
	carried->clone = take_fd(&clone);
	return 0;
}

/* connect(2) follows the link; the server that bound the socket removes it when it ends. */
static int link_socket(int to, const char *real, const char *name)
{
	auto_free char *target = NULL;

	if (asprintf(&target, "%s/%s", real, name) < 0) {
		target = NULL;
		return -ENOMEM;
	}
	if (unlinkat(to, NEW_LINK, 0) < 0 && errno != ENOENT)
		return -errno;
	if (symlinkat(target, to, NEW_LINK) < 0 || renameat(to, NEW_LINK, to, name) < 0)
		return -errno;
	return 0;
}

static int link_sockets(const struct carried *carried, struct fault *fault)
{
	auto_close int from = open(carried->sockets, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int to = open_walk(carried->layer->lower, carried->path + 1,
				      O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	auto_closedir DIR *dir = NULL;
	const struct dirent *entry;
	struct stat st;
	int r = 0;

	if (from < 0 || to < 0)
		return fault_at(fault, from < 0 ? -ENOENT : to, "open the directory of sockets",
				carried->path);
	dir = fdopendir(from);
	if (!dir)
		return fault_at(fault, -errno, "read", carried->sockets);
	(void)take_fd(&from);
	while (r == 0 && (entry = readdir(dir)))
		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISSOCK(st.st_mode))
			r = link_socket(to, carried->sockets, entry->d_name);
	return r < 0 ? fault_at(fault, r, "link the sockets of", carried->path) : 0;
}

int carry_attach(struct carry *carry, int root, struct fault *fault)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < carry->count; i++) {
		struct carried *carried = &carry->list[i];

		if (carried->sockets)
			r = link_sockets(carried, fault);
		else
			r = attach(carried, root, fault);
	}
	return r;
}

/* The symbolic links stay: the view hides them, and the next attempt makes them anew. */
void carry_undo(struct carry *carry)
{
	size_t i;

	for (i = 0; i < carry->count; i++) {
		if (carry->list[i].clone < 0)
			continue;
		/* Nobody can have reached it below the view; what fails here is seen in mountinfo. */
		(void)mountfd_detach(carry->list[i].clone);
		fd_close(&carry->list[i].clone);
	}
}

void carry_free(struct carry *carry)
{
	size_t i;

	for (i = 0; i < carry->count; i++) {
		fd_close(&carry->list[i].mount);
		fd_close(&carry->list[i].clone);
		free(carry->list[i].path);
		free(carry->list[i].sockets);
	}
	carry->count = 0;
}
