/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One attempt. */
#include "config.h"

#include "merge/attempt.h"
#include "merge/carry.h"
#include "merge/client.h"
#include "merge/early.h"
#include "merge/keep.h"
#include "merge/retire.h"
#include "merge/sources.h"
#include "common/clock.h"
#include "common/fd.h"
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
	struct sources sources;
	bool is_verified;
	int root; /* a directory on the root's own mount, where clones are attached */
	int view; /* the connection to initfs-hold, whose end would unseal */
	struct carry carry;
	struct keep keep;
	uint64_t rounds; /* staged while programs go on */
	uint64_t early; /* names that were published while they do */
	unsigned int tries; /* that were in vain because of what programs did at that moment */
	bool is_raced;
	struct attempt_result result;
};

static const char *text_of(char *text, uint64_t number)
{
	(void)snprintf(text, NUMBER_MAX, "%" PRIu64, number);
	return text;
}

static void mark_staged(const struct attempt *attempt, uint64_t round,
			const struct merge_work *work)
{
	char number[NUMBER_MAX], names[NUMBER_MAX], bytes[NUMBER_MAX];

	timeline_mark(attempt->sources.timeline, "merge.staged", "round", text_of(number, round),
		      "names", text_of(names, work->names), "bytes", text_of(bytes, work->bytes),
		      NULL);
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

/* One round, synced while programs go on. */
static int stage_round(struct attempt *attempt, struct fault *fault)
{
	struct merge_work done;
	int r = targets_stage(&attempt->sources.targets, true, &done, fault);

	if (r == 0)
		r = targets_settle(&attempt->sources.targets, attempt->is_verified, true, fault);
	if (r < 0)
		return r;
	mark_staged(attempt, ++attempt->rounds, &done);
	attempt->result.bytes += done.bytes;
	return 0;
}

/* Until only a little rest is left for the seal. */
static int stage_live(struct attempt *attempt, struct fault *fault)
{
	struct merge_work before = { UINT64_MAX, UINT64_MAX };
	struct merge_work found;
	unsigned int i;
	int r = 0;

	for (i = 0; r == 0 && i < ROUNDS_MAX; i++) {
		bool is_first = attempt->rounds == 0;

		r = targets_scan(&attempt->sources.targets, true, &found, fault);
		attempt->result.is_refused = r < 0 && is_first;
		if (r == 0 && is_first)
			r = targets_begin(&attempt->sources.targets, fault);
		if (r < 0)
			return r;
		if (!is_first && (is_small(&found) || !is_shrinking(&before, &found)))
			return 0;
		before = found;
		r = stage_round(attempt, fault);
	}
	return r;
}

/* What takes the time of the pause, as far as it can be done before; then a look at what is left. */
static int publish_early(struct attempt *attempt, struct fault *fault)
{
	char names[NUMBER_MAX], slices[NUMBER_MAX], longest[NUMBER_MAX];
	struct early_result done;
	int r;

	early_publish(&attempt->sources.targets, attempt->view, attempt->is_verified, &done);
	if (!done.names)
		return 0;
	attempt->early = done.names;
	timeline_mark(attempt->sources.timeline, "merge.early", "names", text_of(names, done.names),
		      "slices", text_of(slices, done.slices), "longest_us",
		      text_of(longest, done.longest_usec), NULL);
	r = stage_live(attempt, fault);
	return r < 0 ? r : targets_sync(&attempt->sources.targets, fault);
}

/* Was anything mounted or bound since it was looked for? */
static int check_races(struct attempt *attempt, struct fault *fault)
{
	int r = carry_check(&attempt->carry, attempt->sources.layers, attempt->sources.count,
			    fault);

	if (r == 0 && attempt->tries == TRIES_MAX)
		keep_settle(&attempt->keep, attempt->sources.layers, attempt->sources.count,
			    attempt->sources.run);
	else if (r == 0)
		r = keep_check(&attempt->keep, attempt->sources.layers, attempt->sources.count,
			       attempt->sources.run, fault);
	attempt->is_raced = r == -EAGAIN;
	return r;
}

/* The rest, exactly: nothing changes any more. */
static int stage_rest(struct attempt *attempt, struct fault *fault)
{
	struct merge_work found, done;
	int r = targets_scan(&attempt->sources.targets, false, &found, fault);

	if (r == 0)
		r = check_races(attempt, fault);
	if (r == 0)
		r = targets_stage(&attempt->sources.targets, false, &done, fault);
	if (r == 0 && done.names)
		r = targets_settle(&attempt->sources.targets, attempt->is_verified, false, fault);
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
	r = targets_publish(&attempt->sources.targets, &attempt->result.names, fault);
	if (r < 0)
		return r;
	attempt->result.names += attempt->early;
	timeline_mark(attempt->sources.timeline, "merge.published", "names",
		      text_of(names, attempt->result.names), NULL);
	r = sources_tell(&attempt->sources, fault);
	if (r == 0)
		r = carry_attach(&attempt->carry, attempt->root, fault);
	return r < 0 ? r : keep_attach(&attempt->keep, attempt->root, attempt->view, fault);
}

static int prepare_all(struct attempt *attempt, struct fault *fault)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < attempt->sources.count; i++)
		r = client_prepare(attempt->view, attempt->sources.layers[i].number,
				   attempt->sources.layers[i].lower,
				   attempt->sources.layers[i].is_over, fault);
	/* What was mounted while we were busy would be lost with the view. */
	if (r == 0)
		r = carry_check(&attempt->carry, attempt->sources.layers, attempt->sources.count,
				fault);
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
	auto_close int fd = openat(attempt->sources.run, retire_switch_name(number, mark),
				   O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return fault_at(fault, -errno, "note the switch in", mark);
	return client_switch(attempt->view, number, fault);
}

static int switch_all(struct attempt *attempt, struct fault *fault)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < attempt->sources.count; i++)
		r = switch_one(attempt, attempt->sources.layers[i].number, fault);
	if (r == 0)
		timeline_mark(attempt->sources.timeline, "merge.switched", NULL);
	keep_report(&attempt->keep, attempt->sources.layers, attempt->sources.count,
		    attempt->sources.timeline);
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
	timeline_mark(attempt->sources.timeline, "merge.sealed", NULL);
	r = under_seal(attempt, fault);
	/*
	 * The answer changes nothing: the end of the connection unseals too, and where nobody has
	 * anything open any more, initfs-hold ends with the switch and answers nothing at all.
	 */
	(void)client_unseal(attempt->view, &other);
	timeline_mark(attempt->sources.timeline, "merge.unsealed", "pause_us",
		      text_of(pause, clock_usec(CLOCK_MONOTONIC) - start), NULL);
	return r;
}

/* What is asked through the view, which cannot be asked when it is sealed. */
static int look_around(struct attempt *attempt, struct fault *fault)
{
	int r;

	carry_free(&attempt->carry);
	r = carry_find(&attempt->carry, attempt->sources.layers, attempt->sources.count, fault);
	return r < 0 ? r
		     : keep_find(&attempt->keep, attempt->sources.layers, attempt->sources.count,
				 fault);
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

static int run(struct attempt *attempt, struct fault *fault)
{
	int r = sources_open(&attempt->sources, fault);

	if (r < 0) {
		attempt->result.is_refused = true;
		return r;
	}
	attempt->root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (attempt->root < 0)
		return fault_at(fault, -errno, "open the directory", "/");
	/* All are on the disk: only their mounts are left, and the staging directory. */
	if (!attempt->sources.count) {
		r = targets_begin(&attempt->sources.targets, fault);
		return r < 0 ? r : targets_sync(&attempt->sources.targets, fault);
	}
	r = stage_live(attempt, fault);
	if (r < 0)
		return r;
	r = sources_note_publish(&attempt->sources, fault);
	if (r < 0)
		return r;
	attempt->view = client_connect(attempt->sources.run, fault);
	if (attempt->view < 0)
		return attempt->view;
	sources_connect(&attempt->sources, attempt->view);
	r = publish_early(attempt, fault);
	if (r == 0)
		r = seal_until_quiet(attempt, fault);
	return r < 0 ? r : targets_sync(&attempt->sources.targets, fault);
}

/*
 * The staging directory goes in any case; leftovers go with the next merge. After a success its going
 * is synced, too: a machine whose power goes right after it shows no trace of us.
 */
static int finish(struct attempt *attempt, int result, struct fault *fault)
{
	struct fault other = { 0 };
	int r = targets_clean(&attempt->sources.targets, result < 0 ? &other : fault);

	if (r == 0 && result == 0)
		r = targets_sync(&attempt->sources.targets, fault);
	sources_close(&attempt->sources);
	carry_free(&attempt->carry);
	keep_free(&attempt->keep);
	fd_close(&attempt->view);
	fd_close(&attempt->root);
	return result < 0 ? result : r;
}

static int attempt_once(const struct attempt_settings *settings, bool is_inner,
			struct attempt_result *result, struct fault *fault)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	int r;

	if (!attempt)
		return fault_at(fault, -ENOMEM, "plan the merge", NULL);
	attempt->sources.list = settings->list;
	attempt->sources.run = settings->run;
	attempt->sources.timeline = settings->timeline;
	attempt->sources.is_inner = is_inner;
	attempt->is_verified = settings->is_verified;
	attempt->root = -EBADF;
	attempt->view = -EBADF;
	r = run(attempt, fault);
	r = finish(attempt, r, fault);
	result->is_refused = attempt->result.is_refused;
	result->names += attempt->result.names;
	result->bytes += attempt->result.bytes;
	free(attempt);
	return r;
}

static bool has_inner(const struct list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->entries[i].outer)
			return true;
	return false;
}

/* Views in others first: what init has mounted beneath them is then a mount in the outer one like any. */
int attempt_run(const struct attempt_settings *settings, struct attempt_result *ret_result,
		struct fault *fault)
{
	struct attempt_result result = { 0 };
	int r = has_inner(settings->list) ? attempt_once(settings, true, &result, fault) : 0;

	if (r == 0)
		r = attempt_once(settings, false, &result, fault);
	*ret_result = result;
	return r;
}
