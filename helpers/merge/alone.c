/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The merge of two layers that are not mounted. What it refuses it refuses first; the upper layer
 * is only read, also when all is done, so that there is no moment at which an interruption costs.
 */
#include "config.h"

#include "merge/alone.h"
#include "merge/check.h"
#include "merge/describe.h"
#include "merge/merge.h"
#include "merge/overlayopt.h"
#include "common/fd.h"
#include "common/mountinfo.h"
#include "common/openat.h"
#include "common/report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int open_directory(const char *path, const char *step, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? fault_at(fault, -errno, step, path) : fd;
}

static bool is_same(int fd, const struct stat *b)
{
	struct stat a;

	return fstat(fd, &a) == 0 && a.st_dev == b->st_dev && a.st_ino == b->st_ino;
}

/* Is inner the directory outer, or inside it? Goes up to the root of everything. */
static bool is_inside(int inner, int outer)
{
	auto_close int at = openat(inner, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat wanted, here;

	if (fstat(outer, &wanted) < 0)
		return false;
	while (at >= 0 && !is_same(at, &wanted)) {
		int up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (up < 0 || fstat(at, &here) < 0 || is_same(up, &here)) {
			fd_close(&up);
			return false;
		}
		fd_close(&at);
		at = up;
	}
	return at >= 0;
}

static int check_apart(const struct options *opt, int upper, int lower, struct fault *fault)
{
	if (is_inside(upper, lower))
		return fault_because(fault, -EINVAL, "merge the upper layer", opt->upper,
				     "it is inside of the lower one");
	if (is_inside(lower, upper))
		return fault_because(fault, -EINVAL, "merge into the lower layer", opt->lower,
				     "it is inside of the upper one");
	return 0;
}

static bool leads_to(const char *path, int fd)
{
	struct stat st;

	return stat(path, &st) == 0 && is_same(fd, &st);
}

/* lowerdir=a:b (a colon in a path as \:), or lowerdir+= once for each since Linux 6.8. */
static bool has_lower(const char *super, int lower)
{
	static const char *const keys[] = { "lowerdir=", "lowerdir+=", "datadir+=" };
	char value[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *at = super;

		while (overlayopt_next(&at, keys[i], value, sizeof(value))) {
			char *part = value;
			const char *one;

			if (leads_to(value, lower))
				return true;
			while ((one = strsep(&part, ":")))
				if (leads_to(one, lower))
					return true;
		}
	}
	return false;
}

static bool is_used_by(const struct mountinfo *mount, int upper, int lower)
{
	const char *at = mount->super;
	char value[PATH_MAX];

	if (strcmp(mount->type, "overlay") != 0)
		return false;
	if (overlayopt_next(&at, "upperdir=", value, sizeof(value)) && leads_to(value, upper))
		return true;
	return has_lower(mount->super, lower);
}

/* overlayfs answers a change of its layers with undefined behaviour; we go only where it is not. */
static int check_unmounted(const struct options *opt, int upper, int lower, struct fault *fault)
{
	auto_free char *text = NULL;
	int r = mountinfo_read(&text);
	struct mountinfo mount;
	char *rest = text;

	if (r < 0)
		return fault_at(fault, r, "read the mounts in", MOUNTINFO_PATH);
	while (mountinfo_next(&rest, &mount))
		if (is_used_by(&mount, upper, lower))
			return fault_because(fault, -EBUSY, "merge the layers of", mount.target,
					     "that overlay is mounted");
	return 0;
}

static int open_place(const struct options *opt, int lower, struct fault *fault)
{
	if (opt->staging)
		return open_directory(opt->staging, "open the place for staging", fault);
	return place_top(lower, fault);
}

static int open_index(const struct options *opt, struct layer *layer, struct fault *fault)
{
	auto_close int work = -EBADF;

	if (!opt->work)
		return 0;
	work = open_directory(opt->work, "open the workdir", fault);
	if (work < 0)
		return work;
	layer->index.dir = open_walk(work, "index", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (layer->index.dir < 0)
		return fault_at(fault, layer->index.dir, "open the index in", opt->work);
	layer->index.is_known = true;
	return 0;
}

/* Opens all, looks at all, touches nothing. */
static int prepare(const struct options *opt, struct merge *merge, struct layer *layer,
		   struct fault *fault)
{
	int place, r;

	layer->name = opt->lower;
	layer->upper = open_directory(opt->upper, "open the upper layer", fault);
	if (layer->upper < 0)
		return layer->upper;
	layer->lower = open_directory(opt->lower, "open the lower layer", fault);
	if (layer->lower < 0)
		return layer->lower;
	r = check_apart(opt, layer->upper, layer->lower, fault);
	if (r == 0)
		r = check_unmounted(opt, layer->upper, layer->lower, fault);
	if (r == 0)
		r = check_writable(layer->lower, opt->lower, fault);
	if (r < 0)
		return r;
	r = open_index(opt, layer, fault);
	if (r < 0)
		return r;
	place = open_place(opt, layer->lower, fault);
	if (place < 0)
		return place;
	r = merge_make(merge, layer, 1, place, fault);
	if (r == 0 && opt->userxattr)
		merge->copier->xattrs.prefix = XATTR_USER;
	return r;
}

/* Back to what it was before. What cannot be removed is removed by the next run. */
static int give_up(struct merge *merge, int error, const struct fault *fault, enum exit_code code)
{
	struct fault other = { 0 };
	int r = merge_clean(merge, &other);

	if (r < 0)
		(void)report(r, &other, EXIT_FAILED);
	return report(error, fault, code);
}

/*
 * Where staging was in the lower directory itself, its times were changed by its going. The second
 * sync is for both: a machine whose power goes right after our success shows no trace of us.
 */
static int finish(struct merge *merge, struct layer *layer, struct fault *fault)
{
	int r = merge_clean(merge, fault);

	if (r < 0)
		return r;
	r = copy_times(merge->copier, layer->upper, layer->lower);
	return r < 0 ? fault_at(fault, r, merge->copier->step, layer->name)
		     : merge_sync(merge, fault);
}

static int carry_out(const struct options *opt, struct merge *merge, struct layer *layer)
{
	struct fault fault = { 0 };
	struct merge_work work;
	uint64_t names;
	int r = merge_begin(merge, &fault);

	merge->is_verified = opt->verify;
	if (r < 0)
		return give_up(merge, r, &fault, EXIT_REFUSED);
	r = merge_stage(merge, false, &work, &fault);
	if (r == 0)
		r = merge_settle(merge, false, &fault);
	if (r < 0)
		return give_up(merge, r, &fault, EXIT_FAILED);

	/*
	 * Point of no return: from here on some names are new and some old, each of them whole. If
	 * power fails the upper layer is still complete, and the next run ends the same.
	 */
	r = merge_publish(merge, &names, &fault);
	if (r == 0)
		r = merge_sync(merge, &fault);
	if (r == 0)
		r = finish(merge, layer, &fault);
	if (r < 0)
		return report(r, &fault, EXIT_HALFWAY);
	if (opt->verbose)
		(void)printf("%" PRIu64 " names published, %" PRIu64 " bytes copied\n", names,
			     work.bytes);
	return EXIT_DONE;
}

int alone_run(const struct options *opt)
{
	struct layer layer = { .upper = -EBADF, .lower = -EBADF };
	struct merge merge = { .place = { .parent = -EBADF, .dir = -EBADF } };
	struct merge_work work;
	struct fault fault = { 0 };
	int code;
	int r = prepare(opt, &merge, &layer, &fault);

	if (r == 0)
		r = merge_scan(&merge, false, &work, &fault);
	/* What is moved or taken from the lower layer was not written by us. */
	if (r == 0 && opt->verify && (layer.moves.count || layer.tree.has_metacopies))
		r = fault_because(&fault, -EOPNOTSUPP, "read back what is staged for", opt->lower,
				  "the overlay was mounted with redirect_dir or metacopy");
	if (r < 0) {
		code = report(r, &fault, EXIT_REFUSED);
	} else {
		if (opt->dry_run || opt->verbose)
			describe_layer(stdout, &layer);
		code = opt->dry_run ? EXIT_DONE : carry_out(opt, &merge, &layer);
	}
	if (fflush(stdout) != 0 && code == EXIT_DONE && opt->dry_run)
		code = EXIT_FAILED;
	merge_free(&merge);
	return code;
}
