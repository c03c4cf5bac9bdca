/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One attempt. */
#include "config.h"

#include "merge/attempt.h"
#include "merge/carry.h"
#include "merge/check.h"
#include "merge/client.h"
#include "merge/keep.h"
#include "merge/retire.h"
#include "merge/targets.h"
#include "merge/tuck.h"
#include "merge/views.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/mountfd.h"
#include "common/mountinfo.h"
#include "common/openat.h"
#include "common/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

/* Live rounds end when the rest is as small as this, or stops shrinking, or after so many. */
#define SMALL_NAMES 32
#define SMALL_BYTES (1 << 20)
#define ROUNDS_MAX 8
/* So often what was mounted or bound in the moment before the seal is looked for again. */
#define TRIES_MAX 4
#define NUMBER_MAX 24

struct attempt {
	const struct list *list;
	int run; /* not owned, like timeline */
	int timeline;
	bool is_verified;
	int root; /* a directory on the root's own mount, where clones are attached */
	int view; /* the connection to initfs-hold, whose end would unseal */
	struct layer layers[LIST_MAX];
	size_t count;
	struct targets targets;
	struct carry carry;
	struct keep keep;
	unsigned int tries; /* that were in vain because of what programs did at that moment */
	bool is_raced;
	struct attempt_result result;
};

static const char *text_of(char *text, uint64_t number)
{
	(void)snprintf(text, NUMBER_MAX, "%" PRIu64, number);
	return text;
}

/* The layer's upper directory, and its lower one on a mount without other mounts, writable. */
static int open_layer(struct attempt *attempt, size_t i, const struct list_entry *entry, int disk,
		      struct fault *fault)
{
	struct layer *layer = &attempt->layers[i];
	char upper[64];

	(void)snprintf(upper, sizeof(upper), "ram/%u/upper", entry->number);
	*layer = (struct layer){ .name = entry->directory, .number = entry->number };
	layer->lower = -EBADF;
	layer->anchor = -EBADF;
	layer->upper = open_beneath(attempt->run, upper, O_RDONLY | O_DIRECTORY, 0);
	if (layer->upper < 0)
		return fault_at(fault, layer->upper, "open the upper layer", upper);
	layer->lower = entry->is_own
			       ? openat(disk, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
			       : open_walk(disk, entry->directory + 1, O_RDONLY | O_DIRECTORY, 0);
	if (layer->lower < 0)
		return fault_at(fault, layer->lower, "open the lower layer", entry->directory);
	return check_writable(layer->lower, entry->directory, fault);
}

/*
 * A layer whose switch was asked for and whose view is gone is on the disk already: an attempt
 * ended between two directories. Programs have written to the disk since; what RAM holds is old.
 */
static int needs_merge(const struct attempt *attempt, const struct list_entry *entry,
		       const char *mountinfo, bool *ret_needs, struct fault *fault)
{
	char mark[SWITCH_NAME_MAX];
	enum view_state state;
	uint64_t id;
	int r = views_look(mountinfo, entry->directory, &state, &id);

	if (r < 0)
		return fault_at(fault, r, "find the view over", entry->directory);
	*ret_needs = state == VIEW_LIVE;
	if (state == VIEW_LIVE)
		return 0;
	if (state == VIEW_BARE)
		return fault_because(fault, -ENOENT, "find the view over", entry->directory,
				     "initfs-hold has given up there");
	if (faccessat(attempt->run, retire_switch_name(entry->number, mark), F_OK, 0) == 0)
		return 0;
	return fault_because(fault, -ENOENT, "find the view over", entry->directory,
			     "somebody else has taken it away");
}

/*
 * The layers of one file system: the root's, or, where own is given, that of one directory. disk is the
 * root directory of it, owned from here on; a mount of its own, without other mounts, writable.
 */
static int open_target(struct attempt *attempt, const struct list_entry *own, int disk,
		       const char *mountinfo, const struct beside *beside, struct fault *fault)
{
	size_t first = attempt->count;
	size_t i;
	int r = 0, made;

	for (i = 0; r == 0 && i < attempt->list->count; i++) {
		const struct list_entry *entry = &attempt->list->entries[i];
		bool needs = false;

		if (own ? own != entry : entry->is_own)
			continue;
		r = needs_merge(attempt, entry, mountinfo, &needs, fault);
		if (r == 0 && needs)
			r = open_layer(attempt, attempt->count++, entry, disk, fault);
	}
	/* Also after a failure: targets_free closes what was opened. */
	made = targets_add(&attempt->targets, &attempt->layers[first], attempt->count - first, disk,
			   beside, fault);
	return r < 0 ? r : made;
}

/*
 * A clone of a mount shows the disk's own directories, without the views. It has to be made now: a
 * clone keeps the read-only flag that the mount had when it was made.
 */
static int clone_disk(int dirfd, const char *path, struct fault *fault)
{
	auto_close int clone = mountfd_clone(dirfd, path, false, fault);
	int disk;

	if (clone < 0)
		return clone;
	disk = openat(clone, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return disk < 0 ? fault_at(fault, -errno, "open the directory", path) : disk;
}

static int open_own(struct attempt *attempt, const struct list_entry *entry, const char *mountinfo,
		    struct fault *fault)
{
	struct beside beside = { .timeline = attempt->timeline };
	size_t first = attempt->count;
	auto_close int anchor = -EBADF;
	bool needs = false;
	int disk, r = needs_merge(attempt, entry, mountinfo, &needs, fault);

	if (r < 0)
		return r;
	anchor = tuck_open(entry, attempt->run, fault);
	/* It is on the disk, and an earlier end of a merge has taken the clone away: nothing is left. */
	if (anchor < 0 && !needs) {
		*fault = (struct fault){ 0 };
		return 0;
	}
	disk = anchor < 0 ? anchor : clone_disk(anchor, "", fault);
	r = disk;

	if (r >= 0)
		r = tuck_times(entry, attempt->run, &beside.since, &beside.until, fault);
	if (r < 0) {
		fd_close(&disk);
		return r;
	}
	r = open_target(attempt, entry, disk, mountinfo, &beside, fault);
	if (attempt->count > first)
		attempt->layers[first].anchor = take_fd(&anchor);
	return r;
}

static int open_all(struct attempt *attempt, struct fault *fault)
{
	auto_free char *mountinfo = NULL;
	int disk, r = mountinfo_read(&mountinfo);
	size_t i;

	if (r < 0)
		return fault_at(fault, r, "read the mounts in", MOUNTINFO_PATH);
	attempt->root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (attempt->root < 0)
		return fault_at(fault, -errno, "open the directory", "/");
	disk = clone_disk(AT_FDCWD, "/", fault);
	r = disk < 0 ? disk : open_target(attempt, NULL, disk, mountinfo, NULL, fault);
	for (i = 0; r == 0 && i < attempt->list->count; i++)
		if (attempt->list->entries[i].is_own)
			r = open_own(attempt, &attempt->list->entries[i], mountinfo, fault);
	return r;
}

static void mark_staged(const struct attempt *attempt, uint64_t round,
			const struct merge_work *work)
{
	char number[NUMBER_MAX], names[NUMBER_MAX], bytes[NUMBER_MAX];

	timeline_mark(attempt->timeline, "merge.staged", "round", text_of(number, round), "names",
		      text_of(names, work->names), "bytes", text_of(bytes, work->bytes), NULL);
}

static bool is_small(const struct merge_work *work)
{
	return work->names <= SMALL_NAMES && work->bytes <= SMALL_BYTES;
}

/* Programs that write as fast as we copy are not waited for. */
static bool is_shrinking(const struct merge_work *before, const struct merge_work *now)
{
	return now->names < before->names - before->names / 4 ||
	       now->bytes < before->bytes - before->bytes / 4;
}

/* Each round is synced while programs go on, so that only the rest is left for the seal. */
static int stage_live(struct attempt *attempt, struct fault *fault)
{
	struct merge_work before = { UINT64_MAX, UINT64_MAX };
	struct merge_work found, done;
	uint64_t round;
	int r;

	for (round = 1; round <= ROUNDS_MAX; round++) {
		r = targets_scan(&attempt->targets, true, &found, fault);
		if (r < 0 && round == 1)
			attempt->result.is_refused = true;
		if (r == 0 && round == 1)
			r = targets_begin(&attempt->targets, fault);
		if (r < 0)
			return r;
		if (round > 1 && (is_small(&found) || !is_shrinking(&before, &found)))
			return 0;
		before = found;
		r = targets_stage(&attempt->targets, true, &done, fault);
		if (r == 0)
			r = targets_settle(&attempt->targets, attempt->is_verified, true, fault);
		if (r < 0)
			return r;
		mark_staged(attempt, round, &done);
		attempt->result.bytes += done.bytes;
	}
	return 0;
}

/* Was anything mounted or bound since it was looked for? */
static int check_races(struct attempt *attempt, struct fault *fault)
{
	int r = carry_check(&attempt->carry, attempt->layers, attempt->count, fault);

	if (r == 0 && attempt->tries == TRIES_MAX)
		keep_settle(&attempt->keep, attempt->layers, attempt->count, attempt->run);
	else if (r == 0)
		r = keep_check(&attempt->keep, attempt->layers, attempt->count, attempt->run,
			       fault);
	attempt->is_raced = r == -EAGAIN;
	return r;
}

/* The rest, exactly: nothing changes any more. */
static int stage_rest(struct attempt *attempt, struct fault *fault)
{
	struct merge_work found, done;
	int r = targets_scan(&attempt->targets, false, &found, fault);

	if (r == 0)
		r = check_races(attempt, fault);
	if (r == 0)
		r = targets_stage(&attempt->targets, false, &done, fault);
	if (r == 0 && done.names)
		r = targets_settle(&attempt->targets, attempt->is_verified, false, fault);
	if (r < 0)
		return r;
	attempt->result.bytes += done.bytes;
	mark_staged(attempt, 0, &done);
	return 0;
}

static int publish(struct attempt *attempt, struct fault *fault)
{
	char names[NUMBER_MAX];
	int r;

	/*
	 * Point of no return for the disk, not for the programs: from here on it may show what RAM
	 * shows. If power fails, names are old or new; if we fail, the programs go on in RAM, whose
	 * names hide the same ones of the disk.
	 */
	r = targets_publish(&attempt->targets, &attempt->result.names, fault);
	if (r < 0)
		return r;
	timeline_mark(attempt->timeline, "merge.published", "names",
		      text_of(names, attempt->result.names), NULL);
	r = carry_attach(&attempt->carry, attempt->root, fault);
	return r < 0 ? r : keep_attach(&attempt->keep, attempt->root, attempt->view, fault);
}

static int prepare_all(struct attempt *attempt, struct fault *fault)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < attempt->count; i++)
		r = client_prepare(attempt->view, attempt->layers[i].number,
				   attempt->layers[i].lower, fault);
	/* What was mounted while we were busy would be lost with the view. */
	if (r == 0)
		r = carry_check(&attempt->carry, attempt->layers, attempt->count, fault);
	return r;
}

/*
 * Point of no return for the programs: their files are on the disk. A switch cannot fail; what
 * could is the connection or this process, and then the directories that are left are tried again.
 * What is on the disk already must not be merged a second time, so that it was asked for is noted.
 */
static int switch_one(struct attempt *attempt, unsigned int number, struct fault *fault)
{
	char mark[SWITCH_NAME_MAX];
	auto_close int fd = openat(attempt->run, retire_switch_name(number, mark),
				   O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return fault_at(fault, -errno, "note the switch in", mark);
	return client_switch(attempt->view, number, fault);
}

static int switch_all(struct attempt *attempt, struct fault *fault)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < attempt->count; i++)
		r = switch_one(attempt, attempt->layers[i].number, fault);
	if (r == 0)
		timeline_mark(attempt->timeline, "merge.switched", NULL);
	keep_report(&attempt->keep, attempt->layers, attempt->count, attempt->timeline);
	return r;
}

static int under_seal(struct attempt *attempt, struct fault *fault)
{
	int r = stage_rest(attempt, fault);

	if (r == 0)
		r = publish(attempt, fault);
	if (r == 0)
		r = prepare_all(attempt, fault);
	if (r < 0) {
		keep_undo(&attempt->keep);
		carry_undo(&attempt->carry);
		return r;
	}
	return switch_all(attempt, fault);
}

/* The pause that programs see is from the request to seal until they are let go on. */
static int sealed(struct attempt *attempt, struct fault *fault)
{
	struct fault other = { 0 };
	char pause[NUMBER_MAX];
	uint64_t start = clock_usec(CLOCK_MONOTONIC);
	int r = client_seal(attempt->view, fault);

	if (r < 0)
		return r;
	timeline_mark(attempt->timeline, "merge.sealed", NULL);
	r = under_seal(attempt, fault);
	/*
	 * The answer changes nothing: the end of the connection unseals too, and where nobody has
	 * anything open any more, initfs-hold ends with the switch and answers nothing at all.
	 */
	(void)client_unseal(attempt->view, &other);
	timeline_mark(attempt->timeline, "merge.unsealed", "pause_us",
		      text_of(pause, clock_usec(CLOCK_MONOTONIC) - start), NULL);
	return r;
}

/* What is asked through the view, which cannot be asked when it is sealed. */
static int look_around(struct attempt *attempt, struct fault *fault)
{
	int r;

	carry_free(&attempt->carry);
	r = carry_find(&attempt->carry, attempt->layers, attempt->count, fault);
	return r < 0 ? r : keep_find(&attempt->keep, attempt->layers, attempt->count, fault);
}

/*
 * What a program mounts or binds between the look and the seal ends the try before anything was
 * published; the next one knows it. Somebody who does nothing else does not hold up the merge.
 */
static int seal_until_quiet(struct attempt *attempt, struct fault *fault)
{
	int r;

	for (;;) {
		r = look_around(attempt, fault);
		if (r == 0)
			r = sealed(attempt, fault);
		if (!attempt->is_raced || attempt->tries == TRIES_MAX)
			return r;
		attempt->tries++;
		attempt->is_raced = false;
		*fault = (struct fault){ 0 };
	}
}

/* What somebody else changed is told apart by its time from what we are about to publish. */
static int note_publish(const struct attempt *attempt, struct fault *fault)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < attempt->list->count; i++)
		if (attempt->list->entries[i].is_own)
			r = tuck_note_publish(&attempt->list->entries[i], attempt->run, fault);
	return r;
}

static int run(struct attempt *attempt, struct fault *fault)
{
	int r = open_all(attempt, fault);

	if (r < 0) {
		attempt->result.is_refused = true;
		return r;
	}
	/* All are on the disk: only their mounts are left, and the staging directory. */
	if (!attempt->count) {
		r = targets_begin(&attempt->targets, fault);
		return r < 0 ? r : targets_sync(&attempt->targets, fault);
	}
	r = stage_live(attempt, fault);
	if (r < 0)
		return r;
	r = note_publish(attempt, fault);
	if (r < 0)
		return r;
	attempt->view = client_connect(attempt->run, fault);
	if (attempt->view < 0)
		return attempt->view;
	r = seal_until_quiet(attempt, fault);
	return r < 0 ? r : targets_sync(&attempt->targets, fault);
}

/*
 * The staging directory goes in any case; leftovers go with the next merge. After a success its going
 * is synced, too: a machine whose power goes right after it shows no trace of us.
 */
static int finish(struct attempt *attempt, int result, struct fault *fault)
{
	struct fault other = { 0 };
	size_t i;
	int r = targets_clean(&attempt->targets, result < 0 ? &other : fault);

	if (r == 0 && result == 0)
		r = targets_sync(&attempt->targets, fault);
	targets_free(&attempt->targets);
	carry_free(&attempt->carry);
	keep_free(&attempt->keep);
	for (i = 0; i < attempt->count; i++)
		fd_close(&attempt->layers[i].anchor);
	fd_close(&attempt->view);
	fd_close(&attempt->root);
	return result < 0 ? result : r;
}

int attempt_run(const struct list *list, int run_dir, int timeline, bool is_verified,
		struct attempt_result *ret_result, struct fault *fault)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	int r;

	if (!attempt)
		return fault_at(fault, -ENOMEM, "plan the merge", NULL);
	attempt->list = list;
	attempt->run = run_dir;
	attempt->timeline = timeline;
	attempt->is_verified = is_verified;
	attempt->root = -EBADF;
	attempt->view = -EBADF;
	r = run(attempt, fault);
	r = finish(attempt, r, fault);
	*ret_result = attempt->result;
	free(attempt);
	return r;
}
