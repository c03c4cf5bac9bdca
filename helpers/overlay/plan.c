/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which layers to build over a root, or why none. */
#include "config.h"

#include "overlay/plan.h"
#include "common/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_root(const char *path)
{
	return *path == '/' && is_at_or_below("/", path);
}

/* The root has to be one that nobody writes to: it is the lower layer, and it waits for its fsck. */
static int root_check(const char *root, const struct facts *facts, struct fault *fault)
{
	static const char step[] = "lay anything over the root";

	if (facts->root_error)
		return fault_at(fault, facts->root_error, step, root);
	if (!facts->is_mount_point)
		return fault_because(fault, -EINVAL, step, root, "it is not a mount point");
	if (!facts->is_read_only)
		return fault_because(
			fault, -EBUSY, step, root,
			"its file system is mounted rw, and a lower layer must not change");
	if (facts->run < 0)
		return fault_because(fault, facts->run, step, root, "it has no directory /run");
	if (!facts->is_run_in_ram)
		return fault_because(fault, -EMEDIUMTYPE, step, root,
				     "its /run is not a tmpfs (bind-mount /run first)");
	if (facts->is_up)
		return fault_because(fault, -EEXIST, step, root,
				     "layers are in /run/initfs already (--undo takes them away)");
	return 0;
}

static int kernel_check(const struct facts *facts, struct fault *fault)
{
	static const char step[] = "use the kernel's file system";

	if (facts->tmpfs_error)
		return fault_at(fault, facts->tmpfs_error, step, "tmpfs");
	if (facts->overlay_error)
		return fault_at(fault, facts->overlay_error, step, "overlay");
	return 0;
}

static const char *open_failure_means(int error)
{
	switch (error) {
	case -ELOOP:
		return "it is a symbolic link or below one: name the directory itself";
	case -EXDEV:
		return "it is not on the root's file system";
	default:
		return NULL;
	}
}

/*
 * What comes early reads and writes there. init's mount would come on top: logs would be written beneath it
 * for as long as the machine runs, and what a screen needs would not be seen before it.
 */
static bool is_needed_early(const char *path, const char *dir)
{
	static const char *const names[] = { "/log", "/lib", "/cache" };
	size_t length = strlen(dir);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(path, dir, length) == 0 && is_at_or_below(path + length, names[i]) &&
		    is_at_or_below(names[i], path + length))
			return true;
	return false;
}

/* One of several directories that are asked for has a view of its own file system there. */
static bool has_layer(const struct options *options, const char *path)
{
	size_t i;

	for (i = 0; options->own && i < options->count; i++)
		if (is_at_or_below(path, options->dir[i]) && is_at_or_below(options->dir[i], path))
			return true;
	return false;
}

/* Is it in another directory that is asked for? */
static bool is_inside(const struct options *options, const char *dir)
{
	size_t i;

	for (i = 0; i < options->count; i++)
		if (is_below(dir, options->dir[i]))
			return true;
	return false;
}

/*
 * A directory that will get a file system of its own is not the disk that the merge has to reach.
 * One at the directory itself may be allowed: then own_check judges it.
 */
static int fstab_check(const struct options *options, const char *dir, const struct paths *fstab,
		       struct fault *fault)
{
	char why[FAULT_DETAIL_MAX];
	size_t i;

	for (i = 0; i < fstab->count; i++) {
		if (is_needed_early(fstab->path[i], dir) && !has_layer(options, fstab->path[i])) {
			(void)snprintf(why, sizeof(why),
				       "/etc/fstab mounts a file system of its own at %s, where "
				       "early programs write",
				       fstab->path[i]);
			return fault_because(fault, -EOPNOTSUPP, "protect the directory", dir, why);
		}
		if (is_root(fstab->path[i]) || !is_at_or_below(dir, fstab->path[i]))
			continue;
		if (has_layer(options, fstab->path[i]))
			continue;
		(void)snprintf(why, sizeof(why), "/etc/fstab mounts a file system of its own at %s",
			       fstab->path[i]);
		return fault_because(fault, -EOPNOTSUPP, "protect the directory", dir, why);
	}
	return 0;
}

/* Only what can be shown read-only, whole, and as it will be when init has mounted it. */
static int own_check(const char *dir, const struct own *own, struct fault *fault)
{
	static const char step[] = "show before its check the file system of";
	char why[FAULT_DETAIL_MAX];

	if (!own->source)
		return 0;
	if (own->is_noauto)
		return fault_because(fault, -EOPNOTSUPP, step, dir,
				     "its line in /etc/fstab is noauto: init does not mount it");
	if (own->is_tmpfs || own->may_be_unseen)
		return 0;
	if (own->error) {
		(void)snprintf(why, sizeof(why), "/etc/fstab wants %s there", own->source);
		return fault_because(fault, own->error, step, dir, why);
	}
	if (own->type == SUPER_UNKNOWN)
		return fault_because(fault, -EMEDIUMTYPE, step, dir,
				     "it is none of ext2, ext3, ext4, xfs, btrfs and tmpfs");
	if (own->unclean)
		return fault_because(fault, -EUCLEAN, step, dir, own->unclean);
	return 0;
}

/* What is mounted below would vanish behind the layer, which shows the disk and nothing else. */
static int mounts_check(const char *dir, const struct paths *mounts, struct fault *fault)
{
	char why[FAULT_DETAIL_MAX];
	size_t i;

	for (i = 0; i < mounts->count; i++) {
		if (!is_at_or_below(mounts->path[i], dir))
			continue;
		(void)snprintf(why, sizeof(why), "something is mounted at %s already",
			       mounts->path[i]);
		return fault_because(fault, -EBUSY, "protect the directory", dir, why);
	}
	return 0;
}

static int dir_check(const struct options *options, const struct facts *facts, size_t i,
		     struct fault *fault)
{
	const char *dir = options->dir[i];
	int error = facts->dir[i].error;
	int r;

	if (is_root(dir))
		return fault_because(fault, -EOPNOTSUPP, "protect the directory", dir,
				     "for a whole root in RAM use dracut's own overlayfs module");
	r = fstab_check(options, dir, &facts->fstab, fault);
	if (r == 0 && options->own)
		r = own_check(dir, &facts->dir[i].own, fault);
	if (r < 0)
		return r;
	/* What is in a file system that is not mounted yet is not on the root's. */
	if (error && !(options->own && facts->dir[i].own.source && is_inside(options, dir)))
		return fault_because(fault, error, "protect the directory", dir,
				     open_failure_means(error));
	return mounts_check(dir, &facts->mounts, fault);
}

/*
 * True if a directory before or after the i-th covers it; of two equal ones the first stays. A file system of
 * its own is not seen in the layer of another directory.
 */
static bool is_covered(const struct options *options, const struct facts *facts, size_t i)
{
	bool is_own = options->own && facts->dir[i].own.source;
	size_t k;

	for (k = 0; k < options->count; k++) {
		if (k == i || !is_at_or_below(options->dir[i], options->dir[k]))
			continue;
		if (is_own && is_below(options->dir[i], options->dir[k]))
			continue;
		if (k < i || !is_at_or_below(options->dir[k], options->dir[i]))
			return true;
	}
	return false;
}

static void add_layer(struct plan *plan, const struct options *options, const struct facts *facts,
		      size_t i)
{
	plan->layer[plan->count++] = (struct layer){
		.path = options->dir[i],
		.lower = facts->dir[i].fd,
		.own = facts->dir[i].own.source ? &facts->dir[i].own : NULL,
	};
}

/* The outer ones first: that is the order in which views are mounted. */
static void add_layers(struct plan *plan, const struct options *options, const struct facts *facts)
{
	const struct layer *other;
	struct layer moved;
	size_t i, k;

	for (i = 0; i < options->count; i++)
		if (!is_covered(options, facts, i))
			add_layer(plan, options, facts, i);
	for (i = 0; i < plan->count; i++) {
		for (k = i + 1; k < plan->count; k++) {
			other = &plan->layer[k];
			if (!is_below(plan->layer[i].path, other->path))
				continue;
			moved = plan->layer[i];
			plan->layer[i] = *other;
			plan->layer[k] = moved;
		}
	}
}

int plan_make(struct plan *ret_plan, const struct options *options, const struct facts *facts,
	      struct fault *fault)
{
	struct plan plan = { .size = options->size };
	size_t i;
	int r;

	r = root_check(options->root, facts, fault);
	if (r < 0)
		return r;
	r = kernel_check(facts, fault);
	for (i = 0; r == 0 && i < options->count; i++)
		r = dir_check(options, facts, i, fault);
	if (r < 0)
		return r;
	add_layers(&plan, options, facts);
	*ret_plan = plan;
	return 0;
}
