/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks of an overlay. */
#include "config.h"

#include "merge/marks.h"

#include <errno.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/sysmacros.h>

static int read_opaque(int dirfd, const char *name, struct xattr_buffers *buffers,
		       struct marks *marks, const char **ret_why)
{
	int r = xattrs_get_mark(dirfd, name, "opaque", buffers);

	if (r < 0)
		return r == -ENODATA ? 0 : r;
	/* "x" (Linux 6.8) promises whiteouts of the xattr kind inside, and is not opaque. */
	marks->is_opaque = strcmp(buffers->value, "y") == 0;
	if (marks->is_opaque || strcmp(buffers->value, "x") == 0)
		return 0;
	*ret_why = "its overlay.opaque has an unknown value";
	return -EOPNOTSUPP;
}

/* A letter for each flag; overlayfs ignores those that it does not know. */
static int read_protect(int dirfd, const char *name, struct xattr_buffers *buffers,
			struct marks *marks)
{
	int r = xattrs_get_mark(dirfd, name, "protattr", buffers);

	if (r < 0)
		return r == -ENODATA ? 0 : r;
	if (strchr(buffers->value, 'i'))
		marks->protect |= FS_IMMUTABLE_FL;
	if (strchr(buffers->value, 'a'))
		marks->protect |= FS_APPEND_FL;
	return 0;
}

static int read_mark(int dirfd, const char *name, const char *mark, struct xattr_buffers *buffers,
		     struct marks *marks, const char **ret_why)
{
	if (strcmp(mark, "opaque") == 0)
		return read_opaque(dirfd, name, buffers, marks, ret_why);
	if (strcmp(mark, "protattr") == 0)
		return read_protect(dirfd, name, buffers, marks);
	if (strcmp(mark, "redirect") == 0)
		marks->has_redirect = true;
	else if (strcmp(mark, "metacopy") == 0)
		marks->is_metacopy = true;
	else if (strcmp(mark, "whiteout") == 0)
		marks->is_whiteout = true;
	else if (strcmp(mark, "origin") == 0)
		marks->has_origin = true;
	return 0;
}

int marks_read(int dirfd, const char *name, struct xattr_buffers *buffers, struct marks *ret,
	       const char **ret_why)
{
	int length = xattrs_list_at(dirfd, name, buffers->names);
	struct marks marks = { .has_any = length > 0 };
	const char *attribute;

	if (length < 0)
		return length;
	for (attribute = buffers->names; attribute < buffers->names + length;
	     attribute += strlen(attribute) + 1) {
		enum xattr_kind kind = xattr_kind(buffers->prefix, attribute);
		int r = 0;

		if (kind == XATTR_UNKNOWN) {
			*ret_why = attribute;
			return -EOPNOTSUPP;
		}
		if (kind == XATTR_MARK)
			r = read_mark(dirfd, name, xattr_mark(buffers->prefix, attribute), buffers,
				      &marks, ret_why);
		if (r < 0)
			return r;
	}
	*ret = marks;
	return 0;
}

/* An absolute one is made of names, a relative one is a single name: what else would lead out? */
bool marks_is_redirect(const char *text)
{
	const char *name = *text == '/' ? text + 1 : text;

	if (!*name || (*text != '/' && strchr(text, '/')))
		return false;
	while (*name) {
		size_t length = strcspn(name, "/");

		if (!length || length > NAME_MAX || (length == 1 && name[0] == '.') ||
		    (length == 2 && name[0] == '.' && name[1] == '.'))
			return false;
		name += length;
		if (*name && !*++name)
			return false;
	}
	return true;
}

int marks_redirect(int dirfd, const char *name, struct xattr_buffers *buffers, const char **ret)
{
	int r = xattrs_get_mark(dirfd, name, "redirect", buffers);

	if (r < 0)
		return r;
	if (strlen(buffers->value) != (size_t)r || !marks_is_redirect(buffers->value))
		return -EINVAL;
	*ret = buffers->value;
	return 0;
}

int marks_origin(int dirfd, const char *name, struct xattr_buffers *buffers, struct handle *ret)
{
	int r = xattrs_get_mark(dirfd, name, "origin", buffers);

	ret->size = 0;
	if (r < 0)
		return r == -ENODATA ? 0 : r;
	(void)handle_from_origin(buffers->value, (size_t)r, ret); /* none is an answer, too */
	return 0;
}

bool marks_is_whiteout(const struct facts *facts)
{
	const struct stat *st = facts->upper;

	if (S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0))
		return true;
	return facts->marks->is_whiteout && S_ISREG(st->st_mode) && st->st_size == 0;
}

static struct form form_of_directory(const struct facts *facts)
{
	bool has_lower = facts->has_lower && S_ISDIR(facts->lower_mode);

	if (facts->marks->has_redirect && !facts->marks->is_opaque)
		return (struct form){ .kind = CHANGE_ENTER, .is_moved = true };
	if (facts->is_new)
		return (struct form){ .kind = CHANGE_INSIDE };
	if (has_lower && !facts->marks->is_opaque)
		return (struct form){ .kind = CHANGE_ENTER };
	return (struct form){ .kind = CHANGE_PLACE };
}

/*
 * Only the attributes changed. Where the lower file has this one name, and the upper too, they are
 * changed on the disk; else the names part here, and this one becomes a file of its own.
 */
static struct form form_of_metacopy(const struct facts *facts)
{
	enum change_kind copied = facts->is_new ? CHANGE_INSIDE : CHANGE_PLACE;
	bool is_single = facts->upper->st_nlink == 1;

	if (facts->marks->has_redirect)
		return (struct form){
			.kind = is_single && facts->marks->has_origin ? CHANGE_UPDATE : copied,
			.is_moved = true,
		};
	if (facts->is_new || !facts->has_lower || !S_ISREG(facts->lower_mode))
		return (struct form){ .why_not = "its data is not in the lower layer" };
	if (is_single && facts->lower_links == 1)
		return (struct form){ .kind = CHANGE_UPDATE };
	return (struct form){ .kind = copied };
}

struct form marks_form(const struct facts *facts)
{
	if (marks_is_whiteout(facts))
		return (struct form){ .kind = CHANGE_DELETE, .is_nothing = !facts->has_lower };
	if (S_ISDIR(facts->upper->st_mode))
		return form_of_directory(facts);
	if (facts->marks->is_metacopy && S_ISREG(facts->upper->st_mode))
		return form_of_metacopy(facts);
	return (struct form){ .kind = facts->is_new ? CHANGE_INSIDE : CHANGE_PLACE };
}
