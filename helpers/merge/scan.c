/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading an upper layer. */
#include "config.h"

#include "merge/scan.h"
#include "merge/place.h"
#include "common/fd.h"
#include "common/openat.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/*
 * Before Linux 6.13 a ctime is that of the last timer tick, 10 ms ago at HZ=100: what is changed
 * again within the tick keeps its ctime. Younger than two ticks is therefore not certain.
 */
#define TICKS_NS 20000000LL

/* One directory of the walk. */
struct level {
	struct change *change;
	int upper;
	int lower; /* -EBADF in a new directory */
	int depth;
};

/* Not inlined: its buffer would be in each frame of the recursion. */
__attribute__((noinline)) static int refuse(const struct level *at, const char *name, int error,
					    const char *step, const char *why, struct fault *fault)
{
	char path[FAULT_OBJECT_MAX];

	return fault_because(fault, error, step, tree_path(at->change, name, path, sizeof(path)),
			     why);
}

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

/* Younger or older than now by less than two ticks; a clock that was set may step over it. */
static bool is_certain(const struct timespec *ctime)
{
	struct timespec now = { 0 };
	long long apart;

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &now); /* cannot fail since Linux 2.6.32 */
	if (now.tv_sec - ctime->tv_sec > 1 || ctime->tv_sec - now.tv_sec > 1)
		return true;
	apart = (now.tv_sec - ctime->tv_sec) * 1000000000LL + now.tv_nsec - ctime->tv_nsec;
	return apart > TICKS_NS || apart < -TICKS_NS;
}

static const char *why_refused(const char *attribute)
{
	static const struct {
		const char *attribute;
		const char *why;
	} reasons[] = {
		{ "trusted.overlay.redirect", "the overlay was mounted with redirect_dir" },
		{ "trusted.overlay.metacopy", "the overlay was mounted with metacopy" },
		{ "trusted.overlay.whiteout", "it is a whiteout of the xattr kind" },
		{ "trusted.overlay.protattr", "it was made immutable or append-only" },
	};
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(reasons[i].attribute, attribute) == 0)
			return reasons[i].why;
	return attribute;
}

static int read_opaque(struct scan *scan, const struct level *at, const char *name,
		       bool *ret_is_opaque, struct fault *fault)
{
	char *value = scan->buffers->value;
	int r = xattrs_get_at(at->upper, name, "trusted.overlay.opaque", value);

	if (r == -ENODATA || r == -ENOENT)
		return 0;
	if (r < 0)
		return refuse(at, name, r, "read the attributes of the upper layer's", NULL, fault);
	/* "x" (Linux 6.8) promises whiteouts of the xattr kind inside: those are refused one by one. */
	if (strcmp(value, "y") != 0 && strcmp(value, "x") != 0)
		return refuse(at, name, -EOPNOTSUPP, "carry the upper layer's",
			      "trusted.overlay.opaque has an unknown value", fault);
	*ret_is_opaque = value[0] == 'y';
	return 0;
}

/* Looks for the overlay's marks on an object. */
static int read_marks(struct scan *scan, const struct level *at, const char *name,
		      bool *ret_is_opaque, struct fault *fault)
{
	char *names = scan->buffers->names;
	int length = xattrs_list_at(at->upper, name, names);
	const char *attribute;

	if (length == -ENOENT && scan->is_live)
		return 0;
	if (length < 0)
		return refuse(at, name, length, "read the attributes of the upper layer's", NULL,
			      fault);
	for (attribute = names; attribute < names + length; attribute += strlen(attribute) + 1) {
		enum xattr_kind kind = xattr_kind(attribute);
		int r = 0;

		if (kind == XATTR_REFUSE)
			return refuse(at, name, -EOPNOTSUPP, "carry the upper layer's",
				      why_refused(attribute), fault);
		if (kind == XATTR_OPAQUE)
			r = read_opaque(scan, at, name, ret_is_opaque, fault);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What the lower layer has at a name: 0, 1, or -errno where that cannot be replaced or entered. */
static int look_below(const struct level *at, const char *name, struct statx *ret_lower,
		      struct fault *fault)
{
	if (at->lower < 0)
		return 0;
	if (statx(at->lower, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, ret_lower) < 0) {
		if (errno == ENOENT)
			return 0;
		return refuse(at, name, -errno, "inspect the lower layer's", NULL, fault);
	}
	if (ret_lower->stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND))
		return refuse(at, name, -EPERM, "change the lower layer's",
			      "it is immutable or append-only (chattr -i -a)", fault);
	if (ret_lower->stx_attributes & STATX_ATTR_MOUNT_ROOT)
		return refuse(at, name, -EBUSY, "change the lower layer's",
			      "something is mounted there", fault);
	return 1;
}

static enum change_kind kind_of(const struct level *at, const struct stat *upper, bool is_opaque,
				bool has_lower, const struct statx *lower)
{
	if (at->lower < 0)
		return CHANGE_INSIDE;
	if (is_whiteout(upper))
		return CHANGE_DELETE;
	if (S_ISDIR(upper->st_mode) && !is_opaque && has_lower && S_ISDIR(lower->stx_mode))
		return CHANGE_ENTER;
	return CHANGE_PLACE;
}

static struct stamp stamp_of(const struct stat *st)
{
	return (struct stamp){
		.ino = st->st_ino,
		.size = S_ISDIR(st->st_mode) ? 0 : (uint64_t)st->st_size,
		.ctime = st->st_ctim,
		.mode = st->st_mode,
	};
}

static void count(struct scan *scan, struct tree *tree, const struct stat *st, bool has_links)
{
	scan->names++;
	if (has_links) {
		struct link_group *group = tree_group(tree, st->st_ino);

		if (group && group->counted)
			return;
		if (group)
			group->counted = true;
	}
	scan->bytes += (uint64_t)st->st_blocks * 512;
}

/* Brings the node of a name up to date, or makes one. */
static int note(struct scan *scan, struct tree *tree, const struct level *at, const char *name,
		const struct stat *st, enum change_kind kind, bool has_lower)
{
	struct change *change = tree_find(tree, at->change, name);
	struct stamp stamp = stamp_of(st);

	if (change && (change->kind != kind || change->stamp.ino != stamp.ino)) {
		tree_drop(tree, change);
		change = NULL;
	}
	if (!change) {
		change = tree_add(tree, at->change, name);
		if (!change)
			return -ENOMEM;
		change->kind = kind;
		change->id = (*scan->next_id)++;
	}
	change->seen = true;
	change->lower = has_lower;
	change->has_links = !S_ISDIR(st->st_mode) && st->st_nlink > 1;
	if (kind == CHANGE_ENTER || kind == CHANGE_DELETE) {
		change->stamp = stamp;
	} else if (change->wanted || !change->certain || !is_same_stamp(&change->stamp, &stamp)) {
		change->stamp = stamp;
		count(scan, tree, st, change->has_links);
		tree_want(change);
	}
	change->certain = is_certain(&stamp.ctime);
	return 0;
}

/* Unchanged since the last round, its marks too: what makes the round under the seal short. */
static bool is_known(const struct change *change, const struct stat *st)
{
	struct stamp stamp = stamp_of(st);

	return change->certain && !change->wanted && is_same_stamp(&change->stamp, &stamp);
}

static int scan_name(struct scan *scan, struct tree *tree, const struct level *at, const char *name,
		     struct fault *fault)
{
	struct change *known = tree_find(tree, at->change, name);
	struct statx lower = { 0 };
	bool is_opaque = false;
	struct stat st;
	int has_lower, r;

	if (fstatat(at->upper, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT && scan->is_live)
			return 0;
		return refuse(at, name, -errno, "inspect the upper layer's", NULL, fault);
	}
	if (known && is_known(known, &st)) {
		known->seen = true;
		return 0;
	}
	has_lower = look_below(at, name, &lower, fault);
	if (has_lower < 0)
		return has_lower;
	if (is_whiteout(&st) && !has_lower)
		return 0; /* hides nothing (any more) */
	if (!is_whiteout(&st)) {
		r = read_marks(scan, at, name, &is_opaque, fault);
		if (r < 0)
			return r;
	}
	r = note(scan, tree, at, name, &st, kind_of(at, &st, is_opaque, has_lower, &lower),
		 has_lower);
	return r < 0 ? refuse(at, name, r, "note the upper layer's", NULL, fault) : 0;
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* Names first, directories after: no stream stays open while the walk is deeper. */
static int scan_names(struct scan *scan, struct tree *tree, const struct level *at,
		      struct fault *fault)
{
	auto_close int copy = openat(at->upper, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int r;

	if (!dir)
		return refuse(at, NULL, -errno, "read the upper layer's directory", NULL, fault);
	(void)take_fd(&copy);
	while (errno = 0, (entry = readdir(dir))) {
		if (is_dots(entry->d_name))
			continue;
		if (!at->change->parent && strcmp(entry->d_name, STAGING_NAME) == 0)
			return refuse(at, entry->d_name, -EEXIST, "carry the upper layer's",
				      "the merge stages under that name", fault);
		r = scan_name(scan, tree, at, entry->d_name, fault);
		if (r < 0)
			return r;
	}
	if (errno)
		return refuse(at, NULL, -errno, "read the upper layer's directory", NULL, fault);
	return 0;
}

static void drop_unseen(struct tree *tree, struct change *change)
{
	struct change *child = change->children;

	while (child) {
		struct change *next = child->next;

		if (!child->seen)
			tree_drop(tree, child);
		child = next;
	}
}

/* Renames into such a directory answer EXDEV half way through, so it is refused before. */
static int check_enterable(const struct scan *scan, const struct level *at, struct fault *fault)
{
	struct statx st;
	struct fsxattr project;

	if (statx(at->lower, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) < 0)
		return refuse(at, NULL, -errno, "inspect the lower layer's", NULL, fault);
	if (makedev(st.stx_dev_major, st.stx_dev_minor) != scan->device)
		return refuse(
			at, NULL, -EXDEV, "change the lower layer's",
			"it is in another file system or subvolume than the staging directory",
			fault);
	if (st.stx_attributes & STATX_ATTR_ENCRYPTED)
		return refuse(at, NULL, -EOPNOTSUPP, "change the lower layer's",
			      "the directory is encrypted", fault);
	if (ioctl(at->lower, FS_IOC_FSGETXATTR, &project) == 0 &&
	    (project.fsx_xflags & FS_XFLAG_PROJINHERIT) && project.fsx_projid != 0)
		return refuse(at, NULL, -EOPNOTSUPP, "change the lower layer's",
			      "the directory has a project quota", fault);
	return 0;
}

static int scan_level(struct scan *scan, struct tree *tree, const struct level *at,
		      struct fault *fault);

static int descend(struct scan *scan, struct tree *tree, const struct level *at,
		   struct change *child, struct fault *fault)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
	auto_close int upper = open_walk(at->upper, child->name, flags, 0);
	auto_close int lower = -EBADF;
	struct level below = { child, upper, -EBADF, at->depth + 1 };

	if (upper < 0 && scan->is_live && (upper == -ENOENT || upper == -ENOTDIR)) {
		child->certain = false;
		return 0;
	}
	if (upper < 0)
		return refuse(&below, NULL, upper, "open the upper layer's", NULL, fault);
	if (child->kind == CHANGE_ENTER) {
		lower = open_walk(at->lower, child->name, flags, 0);
		if (lower < 0)
			return refuse(&below, NULL, lower, "open the lower layer's", NULL, fault);
		below.lower = lower;
	}
	return scan_level(scan, tree, &below, fault);
}

static int scan_level(struct scan *scan, struct tree *tree, const struct level *at,
		      struct fault *fault)
{
	struct change *child;
	int r;

	if (at->depth > SCAN_DEPTH_MAX)
		return refuse(at, NULL, -ENAMETOOLONG, "carry the upper layer's",
			      "directories are nested too deeply", fault);
	if (at->lower >= 0) {
		r = check_enterable(scan, at, fault);
		if (r < 0)
			return r;
	}
	for (child = at->change->children; child; child = child->next)
		child->seen = false;
	r = scan_names(scan, tree, at, fault);
	if (r < 0)
		return r;
	drop_unseen(tree, at->change);
	for (child = at->change->children; child; child = child->next) {
		if (!S_ISDIR(child->stamp.mode) || child->kind == CHANGE_DELETE)
			continue;
		r = descend(scan, tree, at, child, fault);
		if (r < 0)
			return r;
	}
	return 0;
}

int scan_layer(struct scan *scan, struct layer *layer, struct fault *fault)
{
	struct level root = { layer->tree.root, layer->upper, layer->lower, 0 };
	bool is_opaque = false;
	int r = read_marks(scan, &root, ".", &is_opaque, fault);

	if (r < 0)
		return r;
	return scan_level(scan, &layer->tree, &root, fault);
}
