/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests of the control socket. */
#include "config.h"

#include "hold/requests.h"
#include "hold/held.h"
#include "hold/instead.h"
#include "hold/invalidate.h"
#include "hold/kept.h"
#include "hold/seat.h"
#include "hold/walks.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/packet.h"
#include "common/parse.h"
#include "common/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SEAL_SECONDS 30
#define DRAIN_SECONDS 10 /* how long a seal waits for requests that are being carried out */

time_t requests_now(void)
{
	return (time_t)(clock_usec(CLOCK_MONOTONIC) / 1000000);
}

static void answer_error(char *reply, int error, const char *text)
{
	(void)snprintf(reply, PACKET_MAX, "error %d %s", -error, text);
}

static void answer_fault(char *reply, int error, const struct fault *fault)
{
	char text[PACKET_MAX - 32];

	report_text(text, sizeof(text), error, fault);
	answer_error(reply, error, text);
}

static int count_files(struct node *node, void *data)
{
	const struct file *file;
	size_t *files = data;

	for (file = node->files; file; file = file->next)
		(*files)++;
	return 0;
}

static void do_status(const struct control *control, char *reply)
{
	struct hold *hold = control->hold;
	size_t nodes = 0, files = 0, on_disk = 0, i;
	const char *state;

	for (i = 0; i < hold->count; i++) {
		struct view *view = &hold->views[i];

		on_disk += view->is_on_disk;
		if (!view->session)
			continue;
		pthread_mutex_lock(&view->tree.lock);
		nodes += view->tree.nodes + 1;
		(void)tree_each(&view->tree, count_files, &files);
		pthread_mutex_unlock(&view->tree.lock);
	}
	state = control->sealer >= 0 ? "sealed" : on_disk == hold->count ? "disk" : "live";
	(void)snprintf(reply, PACKET_MAX, "ok state=%s layers=%zu nodes=%zu files=%zu guard=%d",
		       state, hold->count, nodes, files,
		       getppid() == hold->guard ? (int)hold->guard : 0);
}

/* An inner view is detached by its root: its path leads through one that does not answer then. */
static int open_places(struct hold *hold)
{
	size_t i;

	for (i = 0; i < hold->count; i++) {
		struct view *view = &hold->views[i];

		if (!view->is_inner || !view->session || view->is_on_disk)
			continue;
		fd_close(&view->place);
		view->place = open(view->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (view->place < 0)
			return -errno;
	}
	return 0;
}

/* It would keep the view's session alive. */
static void close_places(struct hold *hold)
{
	size_t i;

	for (i = 0; i < hold->count; i++)
		fd_close(&hold->views[i].place);
}

/* Without a switch it does not matter who is between two paths: none of them leads elsewhere. */
static void do_seal(struct control *control, int place, bool is_brief, char *reply)
{
	unsigned int between;
	int r;

	if (control->sealer >= 0) {
		answer_error(reply, -EBUSY, "it is sealed already");
		return;
	}
	r = is_brief ? 0 : open_places(control->hold);
	if (r < 0) {
		close_places(control->hold);
		answer_error(reply, r, "a view in another one cannot be opened");
		return;
	}
	r = gate_close(&control->hold->gate, DRAIN_SECONDS);
	if (r < 0) {
		close_places(control->hold);
		answer_error(reply, r, "a request that is being carried out does not end");
		return;
	}
	between = is_brief ? 0 : walks_settle(control->hold);
	control->is_brief = is_brief;
	control->sealer = place;
	control->deadline = requests_now() + SEAL_SECONDS;
	control->has_expired = false;
	if (between)
		(void)snprintf(reply, PACKET_MAX, "ok between=%u", between);
	else
		(void)snprintf(reply, PACKET_MAX, "ok");
}

void requests_unseal(struct control *control)
{
	struct hold *hold = control->hold;
	size_t i;

	for (i = 0; i < hold->count; i++) {
		if (!hold->views[i].session)
			continue;
		seat_unprepare(&hold->views[i]);
		instead_free(&hold->views[i]);
		if (hold->views[i].is_on_disk)
			walks_restart(&hold->views[i]);
	}
	control->sealer = -1;
	kept_settle(hold);
	close_places(hold);
	gate_open(&hold->gate);
	held_release(hold);
	for (i = 0; i < hold->count; i++)
		if (hold->views[i].session && hold->views[i].is_on_disk)
			invalidate_view(&hold->views[i]);
}

static void do_unseal(struct control *control, int place, char *reply)
{
	if (control->sealer == place) {
		requests_unseal(control);
		(void)snprintf(reply, PACKET_MAX, "ok");
	} else if (control->has_expired) {
		control->has_expired = false;
		answer_error(reply, -ETIMEDOUT, "the seal has ended by itself");
	} else {
		answer_error(reply, -EPROTO, "it was not sealed by you");
	}
}

/* The view that a request names. NULL and an answer where it cannot be done. */
static struct view *view_to_move(const struct control *control, int place, const char *number,
				 char *reply)
{
	uint64_t wanted;
	size_t i;

	if (control->sealer != place) {
		if (control->has_expired)
			answer_error(reply, -ETIMEDOUT, "the seal has ended by itself");
		else
			answer_error(reply, -EPROTO, "it was not sealed by you");
		return NULL;
	}
	if (control->is_brief) {
		answer_error(reply, -EPROTO, "the seal is a brief one");
		return NULL;
	}
	if (parse_number(number, UINT32_MAX, &wanted) < 0) {
		answer_error(reply, -EINVAL, "not the number of a layer");
		return NULL;
	}
	for (i = 0; i < control->hold->count; i++) {
		struct view *view = &control->hold->views[i];

		if (view->number != wanted || !view->session)
			continue;
		if (!view->is_on_disk)
			return view;
		answer_error(reply, -EALREADY, "this layer is on the disk already");
		return NULL;
	}
	answer_error(reply, -ENOENT, "no such layer is held");
	return NULL;
}

static void do_prepare(struct control *control, int place, const char *number, int disk,
		       bool is_apart, char *reply)
{
	struct view *view = view_to_move(control, place, number, reply);
	struct fault fault = { 0 };
	struct seat_count count;
	int r;

	if (!view)
		return;
	if (disk < 0) {
		answer_error(reply, -EBADF, "the directory on the disk did not come along");
		return;
	}
	r = seat_prepare(view, disk, is_apart, &count, &fault);
	if (r < 0)
		answer_fault(reply, r, &fault);
	else
		(void)snprintf(reply, PACKET_MAX, "ok nodes=%zu files=%zu orphans=%zu", count.nodes,
			       count.files, count.orphans);
}

static void do_switch(struct control *control, int place, const char *number, char *reply)
{
	struct view *view = view_to_move(control, place, number, reply);
	int r;

	if (!view)
		return;
	if (!view->seats) {
		answer_error(reply, -EPROTO, "this layer was not prepared");
		return;
	}
	r = seat_switch(view);
	control->deadline = requests_now() + SEAL_SECONDS;
	if (r < 0)
		answer_error(reply, r, "the view could not be detached; it shows the disk now");
	else
		(void)snprintf(reply, PACKET_MAX, "ok");
}

/* numbers: "N MOUNT DEV INO". A part of the view is mounted on the disk already. */
static void do_keep(struct control *control, int place, char *numbers, char *reply)
{
	struct view *view = view_to_move(control, place, strsep(&numbers, " "), reply);
	uint64_t value[3];
	size_t i;
	int r = 0;

	if (!view)
		return;
	for (i = 0; i < 3 && r == 0; i++) {
		const char *number = strsep(&numbers, " ");

		r = number ? parse_number(number, UINT64_MAX, &value[i]) : -EINVAL;
	}
	if (r == 0)
		r = kept_note(view, value[0], (dev_t)value[1], (ino_t)value[2]);
	if (r < 0)
		answer_error(reply, r, "it cannot be noted");
	else
		(void)snprintf(reply, PACKET_MAX, "ok");
}

/* numbers: "N INO", an object of the view. */
static struct view *object_of(const struct control *control, int place, char *numbers,
			      uint64_t *ret_ino, char *reply)
{
	const char *layer = strsep(&numbers, " ");
	struct view *view = view_to_move(control, place, layer, reply);

	if (view && (!numbers || parse_number(numbers, UINT64_MAX, ret_ino) < 0)) {
		answer_error(reply, -EINVAL, "not the number of an object");
		return NULL;
	}
	return view;
}

/* May what is written to the object from now on go behind something else? */
static void do_appends(struct control *control, int place, char *numbers, char *reply)
{
	uint64_t ino = 0;
	struct view *view = object_of(control, place, numbers, &ino, reply);

	if (!view)
		return;
	if (instead_is_appended(view, (ino_t)ino))
		(void)snprintf(reply, PACKET_MAX, "ok");
	else
		answer_error(reply, -EBUSY, "somebody writes to it by position");
}

/* What the object is on the disk, where that is not what has its name. */
static void do_instead(struct control *control, int place, char *numbers, int object, char *reply)
{
	uint64_t ino = 0;
	struct view *view = object_of(control, place, numbers, &ino, reply);
	int r = object < 0 ? -EBADF : 0;

	if (!view)
		return;
	if (r == 0)
		r = instead_note(view, (ino_t)ino, object);
	if (r < 0)
		answer_error(reply, r, "it cannot be noted");
	else
		(void)snprintf(reply, PACKET_MAX, "ok");
}

void requests_carry_out(struct control *control, int place, char *request, int passed, char *reply)
{
	char *number = request;
	const char *verb = strsep(&number, " ");

	if (strcmp(verb, "prepare") == 0 && number)
		do_prepare(control, place, number, passed, false, reply);
	else if (strcmp(verb, "prepare-apart") == 0 && number)
		do_prepare(control, place, number, passed, true, reply);
	else if (strcmp(verb, "switch") == 0 && number)
		do_switch(control, place, number, reply);
	else if (strcmp(verb, "keep") == 0 && number)
		do_keep(control, place, number, reply);
	else if (strcmp(verb, "appends") == 0 && number)
		do_appends(control, place, number, reply);
	else if (strcmp(verb, "instead") == 0 && number)
		do_instead(control, place, number, passed, reply);
	else if (strcmp(verb, "status") == 0 && !number)
		do_status(control, reply);
	else if (strcmp(verb, "seal") == 0 && (!number || strcmp(number, "brief") == 0))
		do_seal(control, place, number != NULL, reply);
	else if (strcmp(verb, "unseal") == 0 && !number)
		do_unseal(control, place, reply);
	else
		answer_error(reply, -EINVAL, "no such request");
}
