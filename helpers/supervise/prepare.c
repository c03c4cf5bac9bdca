/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has to be there before a program starts. */
#include "config.h"

#include "supervise/prepare.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/mountfd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define LAYERS_TEXT_MAX 65536

/*
 * Names to numbers from the files themselves: a static glibc cannot load NSS modules, and no
 * directory service answers before the network anyway.
 */
static int find_user(const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	auto_fclose FILE *file = fopen("/etc/passwd", "re");
	struct passwd *user;

	while (file && (user = fgetpwent(file))) {
		if (strcmp(user->pw_name, name) != 0)
			continue;
		*ret_uid = user->pw_uid;
		*ret_gid = user->pw_gid;
		return 0;
	}
	return -ENOENT;
}

static int find_group(const char *name, gid_t *ret_gid)
{
	auto_fclose FILE *file = fopen("/etc/group", "re");
	struct group *group;

	while (file && (group = fgetgrent(file))) {
		if (strcmp(group->gr_name, name) != 0)
			continue;
		*ret_gid = group->gr_gid;
		return 0;
	}
	return -ENOENT;
}

/* "user" has the user's own group, "user:group" that one, NULL is root. */
static int find_owner(const char *owner, uid_t *ret_uid, gid_t *ret_gid, struct fault *fault)
{
	char user[64];
	const char *group;
	int r;

	*ret_uid = 0;
	*ret_gid = 0;
	if (!owner)
		return 0;
	(void)snprintf(user, sizeof(user), "%.*s", (int)strcspn(owner, ":"), owner);
	group = strchr(owner, ':');
	r = find_user(user, ret_uid, ret_gid);
	if (r < 0)
		return fault_at(fault, r, "find the user", user);
	if (group) {
		r = find_group(group + 1, ret_gid);
		if (r < 0)
			return fault_at(fault, r, "find the group", group + 1);
	}
	return 0;
}

/* Opens the folder that path is in; the caller owns the descriptor. /tmp may hold traps: no links. */
static int open_parent(const char *path, const char **ret_name)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd;

	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path) + 1, path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_name = slash + 1;
	return fd;
}

/*
 * What already has the name stays if it is of the right type; else it goes, as x11-common's script
 * would move it: nobody but an old boot or an attacker can have put it there.
 */
static int make_node(int parent, const char *name, bool is_fifo)
{
	mode_t type = is_fifo ? S_IFIFO : S_IFDIR;
	struct stat st;
	int r;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if ((st.st_mode & S_IFMT) == type)
			return 0;
		if (unlinkat(parent, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0)
			return -errno;
	}
	/* Nobody else may use it before its owner and mode are right. */
	r = is_fifo ? mkfifoat(parent, name, 0600) : mkdirat(parent, name, 0700);
	return r < 0 ? -errno : 0;
}

static int set_owner(int parent, const char *name, uid_t uid, gid_t gid, mode_t mode, bool is_fifo)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	auto_close int fd = openat(parent, name, flags | (is_fifo ? 0 : O_DIRECTORY));

	if (fd < 0)
		return -errno;
	if (fchown(fd, uid, gid) < 0 || fchmod(fd, mode) < 0)
		return -errno;
	return 0;
}

static int make_one(const struct entry_make *make, struct fault *fault)
{
	const char *name = NULL;
	auto_close int parent = open_parent(make->path, &name);
	uid_t uid;
	gid_t gid;
	int r;

	if (parent < 0)
		return fault_at(fault, parent, "open the folder of", make->path);
	r = find_owner(make->owner, &uid, &gid, fault);
	if (r < 0)
		return r;
	r = make_node(parent, name, make->is_fifo);
	if (r < 0)
		return fault_at(fault, r, "make", make->path);
	r = set_owner(parent, name, uid, gid, make->mode, make->is_fifo);
	if (r < 0)
		return fault_at(fault, r, "set the owner of", make->path);
	return 0;
}

int prepare_entry(const struct entry *entry, struct fault *fault)
{
	unsigned int i;

	for (i = 0; i < entry->make_count; i++) {
		int r = make_one(&entry->make[i], fault);

		if (r < 0)
			return r;
	}
	/* dbus-daemon refuses to start over the pid file of a predecessor that was killed. */
	if (entry->pid_file && unlink(entry->pid_file) < 0 && errno != ENOENT)
		return fault_at(fault, -errno, "remove the stale pid file", entry->pid_file);
	return 0;
}

int prepare_pid_file(const struct entry *entry, pid_t pid, struct fault *fault)
{
	int r = file_write_pid(AT_FDCWD, entry->pid_file, pid);

	return r < 0 ? fault_at(fault, r, "write the pid file", entry->pid_file) : 0;
}

void prepare_pid_file_undo(const struct entry *entry, pid_t pid)
{
	/* Whoever has written another pid meanwhile keeps the file; what cannot go is only stale. */
	if (entry->writes_pid_file && file_read_pid(AT_FDCWD, entry->pid_file) == pid)
		(void)unlink(entry->pid_file);
}

bool is_below_layers(const char *layers, const char *path)
{
	while (*layers) {
		size_t line = strcspn(layers, "\n");
		const char *tab = memchr(layers, '\t', line);

		if (tab) {
			size_t length = line - (size_t)(tab + 1 - layers);

			if (length && strncmp(path, tab + 1, length) == 0 &&
			    (path[length] == '/' || path[length] == '\0'))
				return true;
		}
		layers += line + (layers[line] == '\n');
	}
	return false;
}

/* ".X11-unix" is X11-unix below SOCKETS_DIR. */
static int sockets_source(const char *socket_dir, char *source, size_t size)
{
	const char *name = strrchr(socket_dir, '/') + 1;

	name += strspn(name, ".");
	if (!*name)
		return -EINVAL;
	(void)snprintf(source, size, SOCKETS_DIR "/%s", name);
	return 0;
}

static bool is_same_directory(const char *a, const char *b)
{
	struct stat sa, sb;

	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

/* Is the directory below a layer that is there now? The merge takes the list away with the last. */
static bool is_in_ram(const char *path)
{
	auto_free char *layers = NULL;

	return file_read(AT_FDCWD, "/run/initfs/layers", LAYERS_TEXT_MAX, &layers) > 0 &&
	       is_below_layers(layers, path);
}

static int mount_sockets(const char *source, const char *target, struct fault *fault)
{
	auto_close int mount = mountfd_clone(AT_FDCWD, source, 0, fault);

	return mount < 0 ? mount : mountfd_attach(mount, AT_FDCWD, target, fault);
}

int prepare_sockets(const struct entry *entry, struct fault *fault)
{
	const struct entry_make folder = { .mode = 0755, .path = SOCKETS_DIR };
	struct entry_make from = { .mode = 01777 };
	struct entry_make onto = { .mode = 01777, .path = entry->socket_dir };
	char source[PATH_MAX];
	int r;

	if (!entry->socket_dir)
		return 0;
	/* An X server that is not root's makes none. */
	if (!is_in_ram(entry->socket_dir))
		return access(entry->socket_dir, F_OK) == 0 ? 0 : make_one(&onto, fault);
	r = sockets_source(entry->socket_dir, source, sizeof(source));
	if (r < 0)
		return fault_at(fault, r, "name the directory for sockets", entry->socket_dir);
	if (is_same_directory(source, entry->socket_dir))
		return 0;
	from.path = source;
	r = make_one(&folder, fault);
	if (r == 0)
		r = make_one(&from, fault);
	if (r == 0)
		r = make_one(&onto, fault);
	if (r == 0)
		r = mount_sockets(source, entry->socket_dir, fault);
	if (r < 0)
		return r;
	/* The merge may have ended between our look and the mount, and nobody else would clear up. */
	return is_in_ram(entry->socket_dir) ? 0 : prepare_sockets_undo(entry, fault);
}

int prepare_sockets_undo(const struct entry *entry, struct fault *fault)
{
	char source[PATH_MAX];

	if (!entry->socket_dir || sockets_source(entry->socket_dir, source, sizeof(source)) < 0 ||
	    !is_same_directory(source, entry->socket_dir))
		return 0;
	if (umount2(entry->socket_dir, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return fault_at(fault, -errno, "unmount", entry->socket_dir);
	return 0;
}
