/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at the machine; libmount reads mountinfo and fstab, as init's own mount will. */
#include "config.h"

#include "overlay/facts.h"
#include "overlay/own.h"
#include "common/fd.h"
#include "common/mountfd.h"
#include "common/openat.h"
#include "common/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define MOUNTINFO "/proc/self/mountinfo"
#define FSTAB "etc/fstab"

static void table_release(struct libmnt_table **table)
{
	mnt_unref_table(*table);
}

static void iter_release(struct libmnt_iter **iter)
{
	mnt_free_iter(*iter);
}

#define auto_table __attribute__((cleanup(table_release)))
#define auto_iter __attribute__((cleanup(iter_release)))

static int paths_add(struct paths *paths, const char *path)
{
	char **grown = reallocarray(paths->path, paths->count + 1, sizeof(*grown));
	char *copy = strdup(path);

	if (grown)
		paths->path = grown;
	if (!grown || !copy) {
		free(copy);
		return -ENOMEM;
	}
	paths->path[paths->count++] = copy;
	return 0;
}

static void paths_release(struct paths *paths)
{
	while (paths->count > 0)
		free(paths->path[--paths->count]);
	free(paths->path);
	paths->path = NULL;
}

/* The line of mountinfo with that mount id; NULL where there is none. Borrowed from the table. */
static struct libmnt_fs *find_mount(struct libmnt_table *table, uint64_t id)
{
	auto_iter struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs = NULL;

	if (!iter)
		return NULL;
	while (mnt_table_next_fs(table, iter, &fs) == 0)
		if ((uint64_t)mnt_fs_get_id(fs) == id)
			return fs;
	return NULL;
}

/* Notes every mount below the root's own target, without that prefix. */
static int mounts_below(struct libmnt_table *table, const char *prefix, struct paths *ret_paths)
{
	auto_iter struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs = NULL;
	size_t cut = strcmp(prefix, "/") == 0 ? 0 : strlen(prefix);
	int r = iter ? 0 : -ENOMEM;

	while (r == 0 && mnt_table_next_fs(table, iter, &fs) == 0) {
		const char *target = mnt_fs_get_target(fs);

		if (target && is_at_or_below(target, prefix) && target[cut] == '/' &&
		    target[cut + 1])
			r = paths_add(ret_paths, target + cut);
	}
	return r;
}

/* Is the root a mount point, is its file system ro, and what is mounted below it? */
static int gather_mounts(struct facts *facts, const char *root, struct fault *fault)
{
	auto_table struct libmnt_table *table = mnt_new_table_from_file(MOUNTINFO);
	struct libmnt_fs *fs;
	struct statx stx;

	if (!table)
		return fault_at(fault, errno ? -errno : -EIO, "read the list of mounts", MOUNTINFO);
	if (statx(facts->root, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0)
		return fault_at(fault, -errno, "inspect the root", root);
	/* Linux 5.8 brought both the id and the attribute; an older kernel would say "no". */
	if (!(stx.stx_mask & STATX_MNT_ID) || !(stx.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
		return fault_at(fault, -ENOSYS, "ask for the mount of the root", root);
	facts->is_mount_point = stx.stx_attributes & STATX_ATTR_MOUNT_ROOT;
	fs = find_mount(table, stx.stx_mnt_id);
	if (!fs)
		return fault_at(fault, -ENOENT, "find the mount of the root", root);
	facts->is_read_only =
		mnt_optstr_get_option(mnt_fs_get_fs_options(fs), "ro", NULL, NULL) == 0;
	if (mounts_below(table, mnt_fs_get_target(fs), &facts->mounts) < 0)
		return fault_at(fault, -ENOMEM, "read the list of mounts", MOUNTINFO);
	return 0;
}

/* What a merge can go to, however late it comes: a network's, or another directory, is none. */
static bool is_mergeable(const char *type, const char *options)
{
	static const char *const types[] = { "auto", "ext2", "ext3", "ext4", "xfs", "btrfs" };
	size_t i;

	if (!type || (options && mnt_optstr_get_option(options, "_netdev", NULL, NULL) == 0))
		return false;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

/* A line of fstab for a directory itself. The first of several counts: its device is checked first. */
static int note_own(struct own *own, struct libmnt_fs *fs)
{
	const char *source = mnt_fs_get_source(fs);
	const char *options = mnt_fs_get_options(fs);
	const char *type = mnt_fs_get_fstype(fs);

	if (own->source)
		return 0;
	own->source = strdup(source ? source : "none");
	own->options = strdup(options ? options : "");
	own->is_noauto = mnt_fs_match_options(fs, "+noauto") == 1;
	own->is_tmpfs = type && strcmp(type, "tmpfs") == 0;
	own->may_be_unseen = !own->is_noauto && is_mergeable(type, options);
	return own->source && own->options ? 0 : -ENOMEM;
}

static int note_line(struct facts *facts, const struct options *options, struct libmnt_fs *fs)
{
	const char *target = mnt_fs_get_target(fs);
	size_t i;
	int r = 0;

	if (!target || *target != '/')
		return 0;
	for (i = 0; r == 0 && i < options->count; i++)
		if (is_at_or_below(target, options->dir[i]) &&
		    is_at_or_below(options->dir[i], target))
			r = note_own(&facts->dir[i].own, fs);
	return r < 0 ? r : paths_add(&facts->fstab, target);
}

/* Where the root's fstab mounts something; a root without fstab mounts nothing. */
static int gather_fstab(struct facts *facts, const struct options *options, struct fault *fault)
{
	auto_table struct libmnt_table *table = mnt_new_table();
	auto_iter struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	auto_close int fd = open_in_root(facts->root, FSTAB, O_RDONLY, 0);
	auto_fclose FILE *file = NULL;
	struct libmnt_fs *fs = NULL;
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fault_at(fault, fd, "open the root's list of file systems", FSTAB);
	file = fdopen(fd, "re");
	if (file)
		(void)take_fd(&fd); /* it is file's now */
	if (!table || !iter || !file)
		return fault_at(fault, -ENOMEM, "read the root's list of file systems", FSTAB);
	/* A line that libmount cannot read is one that init's mount skips too. */
	r = mnt_table_parse_stream(table, file, FSTAB);
	if (r < 0)
		return fault_at(fault, r, "read the root's list of file systems", FSTAB);
	while (mnt_table_next_fs(table, iter, &fs) == 0)
		if (note_line(facts, options, fs) < 0)
			return fault_at(fault, -ENOMEM, "read the root's list of file systems",
					FSTAB);
	return 0;
}

/* Making a context touches nothing; where the file system is a module, it asks for it. */
static int ask_kernel_for(const char *fstype)
{
	struct fault ignored = { 0 };
	auto_close int context = mountfd_new(fstype, &ignored);

	return context < 0 ? context : 0;
}

/*
 * What comes early makes its logs where it finds none, and the merge joins them with those of the disk. Of
 * nothing else can that be said.
 */
static void note_unseen(struct own *own, const char *dir, int fd)
{
	const char *name = strrchr(dir, '/');
	struct stat st = { .st_mode = 0755 };

	own->may_be_unseen = own->may_be_unseen && name && strcmp(name, "/log") == 0;
	if (fd >= 0)
		(void)fstat(fd, &st); /* else it is as above */
	own->uid = st.st_uid;
	own->gid = st.st_gid;
	own->mode = st.st_mode & 07777;
}

static void gather_dirs(struct facts *facts, const struct options *options)
{
	size_t i;

	for (i = 0; i < options->count; i++) {
		/* "/" is refused by the plan; it is no name below the root. */
		const char *below = options->dir[i][1] ? options->dir[i] + 1 : ".";
		int fd = open_walk(facts->root, below, O_RDONLY | O_DIRECTORY, 0);

		facts->dir[i].fd = fd < 0 ? -EBADF : fd;
		facts->dir[i].error = fd < 0 ? fd : 0;
		if (options->own && facts->dir[i].own.source && !facts->dir[i].own.is_tmpfs)
			own_look(&facts->dir[i].own, facts->root);
		if (options->own)
			note_unseen(&facts->dir[i].own, options->dir[i], fd);
	}
}

int facts_open(struct facts *facts, const char *root, struct fault *fault)
{
	struct statfs fs;
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		facts->root_error = -errno;
		return fault_at(fault, facts->root_error, "open the root directory", root);
	}
	facts->root = fd;
	facts->run = open_in_root(facts->root, "run", O_RDONLY | O_DIRECTORY, 0);
	if (facts->run >= 0) {
		if (fstatfs(facts->run, &fs) < 0)
			return fault_at(fault, -errno, "inspect /run of the root", root);
		facts->is_run_in_ram = fs.f_type == TMPFS_MAGIC;
	}
	return 0;
}

int facts_gather(struct facts *facts, const struct options *options, struct fault *fault)
{
	struct fault ignored = { 0 };
	struct stat st;
	int r;

	r = facts_open(facts, options->root, &ignored);
	if (facts->root_error)
		return 0; /* a fact: the plan refuses with it */
	if (r < 0)
		return fault_at(fault, r, ignored.step, ignored.object);
	facts->is_up = facts->run >= 0 &&
		       (fstatat(facts->run, "initfs/layers", &st, AT_SYMLINK_NOFOLLOW) == 0 ||
			fstatat(facts->run, "initfs/ram", &st, AT_SYMLINK_NOFOLLOW) == 0);
	r = gather_mounts(facts, options->root, fault);
	if (r < 0)
		return r;
	r = gather_fstab(facts, options, fault);
	if (r < 0)
		return r;
	facts->tmpfs_error = ask_kernel_for("tmpfs");
	facts->overlay_error = ask_kernel_for("overlay");
	gather_dirs(facts, options);
	return 0;
}

void facts_release(struct facts *facts)
{
	size_t i;

	/* A slot that was never filled holds 0, which is not ours to close. */
	for (i = 0; i < DIRS_MAX; i++) {
		if (facts->dir[i].fd > 0)
			fd_close(&facts->dir[i].fd);
		own_release(&facts->dir[i].own);
	}
	fd_close(&facts->run);
	fd_close(&facts->root);
	paths_release(&facts->fstab);
	paths_release(&facts->mounts);
}
