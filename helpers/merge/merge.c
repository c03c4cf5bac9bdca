/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of a merge. */
#include "config.h"

#include "merge/merge.h"
#include "merge/check.h"
#include "merge/logs.h"
#include "merge/publish.h"
#include "merge/scan.h"
#include "merge/stage.h"
#include "merge/verify.h"
#include "common/fd.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

/* Three descriptors for each level of the deepest walk, and some. */
#define DESCRIPTORS (3 * SCAN_DEPTH_MAX + 256)

/* Deep trees are rare: where the limit cannot be raised, they end in EMFILE before any change. */
static void raise_descriptors(void)
{
	struct rlimit limit, higher = { DESCRIPTORS, DESCRIPTORS };

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DESCRIPTORS)
		return;
	if (limit.rlim_max > higher.rlim_max)
		higher.rlim_max = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &higher) == 0)
		return;
	/* Without CAP_SYS_RESOURCE as far as the hard limit goes. */
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int merge_make(struct merge *merge, struct layer *layers, size_t count, int place,
	       struct fault *fault)
{
	size_t i;
	int r;

	*merge = (struct merge){ .layers = layers, .count = count };
	r = place_find(&merge->place, place, fault);
	merge->copier = calloc(1, sizeof(*merge->copier));
	for (i = 0; i < count; i++) {
		moves_make(&layers[i].moves);
		if (tree_make(&layers[i].tree) < 0 && r == 0)
			r = fault_at(fault, -ENOMEM, "plan the merge of", layers[i].name);
	}
	if (!merge->copier && r == 0)
		r = fault_at(fault, -ENOMEM, "plan the merge", NULL);
	if (merge->copier)
		merge->copier->xattrs.prefix = XATTR_TRUSTED;
	raise_descriptors();
	return r;
}

void merge_free(struct merge *merge)
{
	size_t i;

	for (i = 0; i < merge->count; i++) {
		tree_free(&merge->layers[i].tree);
		moves_free(&merge->layers[i].moves);
		index_free(&merge->layers[i].index);
		fd_close(&merge->layers[i].upper);
		fd_close(&merge->layers[i].lower);
	}
	merge->count = 0;
	place_close(&merge->place);
	free(merge->copier);
	merge->copier = NULL;
}

int merge_scan(struct merge *merge, bool is_live, struct merge_work *ret_work, struct fault *fault)
{
	struct scan scan = {
		.buffers = &merge->copier->xattrs,
		.place = merge->place.parent,
		.device = merge->place.device,
		.is_live = is_live,
		.next_id = &merge->place.next_id,
	};
	size_t i;
	int r;

	for (i = 0; i < merge->count; i++) {
		r = scan_layer(&scan, &merge->layers[i], fault);
		if (r < 0)
			return r;
	}
	r = check_target(merge->place.parent, scan.names, scan.bytes, fault);
	if (r < 0)
		return r;
	*ret_work = (struct merge_work){ scan.names, scan.bytes };
	return 0;
}

static bool is_kept(const void *data, const char *name)
{
	const struct merge *merge = data;
	size_t i;

	for (i = 0; i < merge->count; i++)
		if (moves_is_kept(&merge->layers[i].moves, name))
			return true;
	return false;
}

int merge_begin(struct merge *merge, struct fault *fault)
{
	size_t i;
	int r;

	merge->place.keep = is_kept;
	merge->place.keep_data = merge;
	r = place_make(&merge->place, fault);
	for (i = 0; r == 0 && i < merge->count; i++)
		if (moves_settle(&merge->layers[i].moves, merge->place.dir) < 0)
			r = fault_at(fault, -EIO, "rename in the staging directory", STAGING_NAME);
	return r;
}

int merge_stage(struct merge *merge, bool is_live, struct merge_work *ret_work, struct fault *fault)
{
	struct stage stage = {
		.place = &merge->place,
		.copier = merge->copier,
		.is_live = is_live,
	};
	uint64_t before = merge->copier->bytes;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < merge->count; i++) {
		r = stage_layer(&stage, &merge->layers[i], fault);
		if (r == 0 && merge->layers[i].apart)
			r = logs_stage(&merge->layers[i], &merge->place, merge->copier, is_live,
				       &stage.names, fault);
	}
	if (r < 0)
		return r;
	*ret_work = (struct merge_work){ stage.names, merge->copier->bytes - before };
	return 0;
}

int merge_sync(struct merge *merge, struct fault *fault)
{
	/* Reports also what failed to be written earlier since Linux 5.8. */
	if (syncfs(merge->place.parent) < 0)
		return fault_at(fault, -errno, "sync the lower layer's file system", NULL);
	return 0;
}

int merge_settle(struct merge *merge, bool is_live, struct fault *fault)
{
	size_t i;
	int r = merge_sync(merge, fault);

	for (i = 0; r == 0 && merge->is_verified && i < merge->count; i++)
		r = verify_layer(&merge->place, &merge->layers[i], is_live, fault);
	return r;
}

int merge_publish(struct merge *merge, uint64_t *ret_names, struct fault *fault)
{
	struct publish publish = { .place = &merge->place,
				   .copier = merge->copier,
				   .beside = merge->beside };
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < merge->count; i++)
		r = publish_layer(&publish, &merge->layers[i], fault);
	if (r < 0)
		return r;
	*ret_names = publish.names;
	return 0;
}

int merge_clean(struct merge *merge, struct fault *fault)
{
	return place_remove(&merge->place, fault);
}
