/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at names. */
#include "config.h"

#include "merge/look.h"
#include "merge/project.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Not inlined: its buffer would be in each frame of the recursion. */
__attribute__((noinline)) int look_refuse(const struct scan_level *at, const char *name, int error,
					  const char *step, const char *why, struct fault *fault)
{
	char path[FAULT_OBJECT_MAX];

	return fault_because(fault, error, step, tree_path(at->change, name, path, sizeof(path)),
			     why);
}

/* The usual whiteout: it has no attributes, so that reading them is spared. */
static bool is_device_zero(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

/* The marks of the upper layer's object; in a live layer it may have gone. */
int look_marks(struct scan *scan, const struct scan_level *at, const char *name,
	       struct marks *marks, struct fault *fault)
{
	const char *why = NULL;
	int r = marks_read(at->upper, name, scan->buffers, marks, &why);

	if (r == -ENOENT && scan->is_live)
		return 0;
	if (why)
		return look_refuse(at, name, r, "carry the upper layer's", why, fault);
	return r < 0 ? look_refuse(at, name, r, "read the attributes of the upper layer's", NULL,
				   fault)
		     : 0;
}

/* What the lower layer has at a name: 0, 1, or -errno where that cannot be replaced or entered. */
int look_below(const struct scan_level *at, const char *name, struct statx *ret_lower,
	       struct fault *fault)
{
	if (at->lower < 0)
		return 0;
	if (statx(at->lower, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, ret_lower) < 0) {
		if (errno == ENOENT)
			return 0;
		return look_refuse(at, name, -errno, "inspect the lower layer's", NULL, fault);
	}
	if (ret_lower->stx_attributes & STATX_ATTR_MOUNT_ROOT)
		return look_refuse(at, name, -EBUSY, "change the lower layer's",
				   "something is mounted there", fault);
	return 1;
}

/*
 * The overlay was laid over nothing: what it says about a lower layer is about no other. A name that is
 * on the disk, and was not put there by us, is somebody else's.
 */
static void look_apart(const struct apart *apart, const struct scan_level *at, struct seen *seen)
{
	const struct our_object *our =
		seen->has_lower ? ours_find(&apart->ours, seen->lower.stx_ino) : NULL;

	if (seen->form.kind == CHANGE_DELETE)
		seen->form.is_nothing = true;
	seen->is_ours = at->change->is_ours || our;
	seen->is_apart = seen->form.kind == CHANGE_PLACE && seen->has_lower &&
			 !at->change->is_ours && (!our || our->is_joined);
}

int look_at(struct scan *scan, const struct scan_level *at, const char *name, struct seen *seen,
	    struct fault *fault)
{
	struct facts facts = { .upper = &seen->st, .marks = &seen->marks, .is_new = at->lower < 0 };
	int r = look_below(at, name, &seen->lower, fault);

	if (r < 0)
		return r;
	seen->has_lower = r;
	if (!is_device_zero(&seen->st)) {
		r = look_marks(scan, at, name, &seen->marks, fault);
		if (r < 0)
			return r;
	}
	if (scan->apart)
		seen->marks.is_opaque = false;
	facts.has_lower = seen->has_lower;
	facts.lower_mode = seen->lower.stx_mode;
	facts.lower_links = seen->lower.stx_nlink;
	seen->form = marks_form(&facts);
	if (scan->apart)
		look_apart(scan->apart, at, seen);
	if (seen->form.why_not)
		return look_refuse(at, name, -EOPNOTSUPP, "carry the upper layer's",
				   seen->form.why_not, fault);
	if (seen->marks.is_metacopy && scan->is_live)
		return look_refuse(at, name, -EOPNOTSUPP, "carry the upper layer's",
				   "the overlay was mounted with metacopy", fault);
	return 0;
}

/* Renames into such a directory answer EXDEV half way through, so it is refused before. */
int look_enterable(const struct scan *scan, const struct scan_level *at, struct fault *fault)
{
	struct statx st;

	if (statx(at->lower, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) < 0)
		return look_refuse(at, NULL, -errno, "inspect the lower layer's", NULL, fault);
	if (makedev(st.stx_dev_major, st.stx_dev_minor) != scan->device)
		return look_refuse(
			at, NULL, -EXDEV, "change the lower layer's",
			"it is in another file system or subvolume than the staging directory",
			fault);
	if (st.stx_attributes & STATX_ATTR_ENCRYPTED)
		return look_refuse(at, NULL, -EOPNOTSUPP, "change the lower layer's",
				   "the directory is encrypted", fault);
	return 0;
}

/* What cannot be given the project of its directory could not be published there. */
int look_projects(const struct scan_level *at, struct fault *fault)
{
	const struct change *child;

	if (at->lower < 0 || !at->change->children || !project_is_handed_on(at->lower))
		return 0;
	for (child = at->change->children; child; child = child->next)
		if (child->move || (child->kind == CHANGE_PLACE && !S_ISREG(child->stamp.mode) &&
				    !S_ISDIR(child->stamp.mode)))
			return look_refuse(at, child->name, -EOPNOTSUPP, "carry the upper layer's",
					   "its directory hands a project on, which only files and "
					   "directories can be given",
					   fault);
	return 0;
}
