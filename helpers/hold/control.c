/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket. One line for each request, one line for each answer:
 *
 *	status			ok state=live|sealed|disk layers=2 nodes=… files=… guard=PID
 *	seal			ok: no request is being carried out, and none will be until unseal
 *	prepare N + descriptor	ok nodes=… files=… orphans=…
 *	switch N		ok
 *	keep N MOUNT DEV INO	ok
 *	unseal			ok
 *
 * or "error ERRNO text". A seal ends by itself when the connection that sealed closes, and after
 * SEAL_SECONDS: programs wait behind it.
 */
#include "config.h"

#include "hold/control.h"
#include "hold/held.h"
#include "hold/kept.h"
#include "hold/prune.h"
#include "hold/seat.h"
#include "hold/walks.h"
#include "hold/workers.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/packet.h"
#include "common/parse.h"
#include "common/report.h"
#include "passthrough/fusemount.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#define CONNECTIONS 4 /* a merge and a few who ask for the status */
#define SEAL_SECONDS 30
#define DRAIN_SECONDS 10 /* how long a seal waits for requests that are being carried out */

struct control {
	struct hold *hold;
	int peers[CONNECTIONS]; /* owned; -EBADF is a free place */
	int sealer; /* the place of the one who sealed, or -1 */
	time_t deadline; /* of the seal, in seconds of CLOCK_MONOTONIC */
	bool has_expired; /* the last seal ended by itself; its owner does not know yet */
};

static time_t seconds_now(void)
{
	return (time_t)(clock_usec(CLOCK_MONOTONIC) / 1000000);
}

int control_listen(const struct hold *hold, struct fault *fault)
{
	int fd = packet_listen(hold->run, CONTROL_SOCKET);

	return fd < 0 ? fault_at(fault, fd, "listen on the socket", CONTROL_SOCKET) : fd;
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

static void do_seal(struct control *control, int place, char *reply)
{
	int r;

	if (control->sealer >= 0) {
		answer_error(reply, -EBUSY, "it is sealed already");
		return;
	}
	r = gate_close(&control->hold->gate, DRAIN_SECONDS);
	if (r < 0) {
		answer_error(reply, r, "a request that is being carried out does not end");
		return;
	}
	walks_settle(control->hold);
	control->sealer = place;
	control->deadline = seconds_now() + SEAL_SECONDS;
	control->has_expired = false;
	(void)snprintf(reply, PACKET_MAX, "ok");
}

static void unseal(struct control *control)
{
	struct hold *hold = control->hold;
	size_t i;

	for (i = 0; i < hold->count; i++) {
		if (!hold->views[i].session)
			continue;
		seat_unprepare(&hold->views[i]);
		if (hold->views[i].is_on_disk)
			walks_restart(&hold->views[i]);
	}
	control->sealer = -1;
	kept_settle(hold);
	gate_open(&hold->gate);
	held_release(hold);
	for (i = 0; i < hold->count; i++)
		if (hold->views[i].session && hold->views[i].is_on_disk)
			seat_invalidate(&hold->views[i]);
}

static void do_unseal(struct control *control, int place, char *reply)
{
	if (control->sealer == place) {
		unseal(control);
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
		       char *reply)
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
	r = seat_prepare(view, disk, &count, &fault);
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
	control->deadline = seconds_now() + SEAL_SECONDS;
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

static void carry_out(struct control *control, int place, char *request, int passed, char *reply)
{
	char *number = request;
	const char *verb = strsep(&number, " ");

	if (strcmp(verb, "prepare") == 0 && number)
		do_prepare(control, place, number, passed, reply);
	else if (strcmp(verb, "switch") == 0 && number)
		do_switch(control, place, number, reply);
	else if (strcmp(verb, "keep") == 0 && number)
		do_keep(control, place, number, reply);
	else if (strcmp(verb, "status") == 0 && !number)
		do_status(control, reply);
	else if (strcmp(verb, "seal") == 0 && !number)
		do_seal(control, place, reply);
	else if (strcmp(verb, "unseal") == 0 && !number)
		do_unseal(control, place, reply);
	else
		answer_error(reply, -EINVAL, "no such request");
}

static void prune_all(struct hold *hold, size_t crowd)
{
	size_t i;

	for (i = 0; i < hold->count; i++) {
		struct view *view = &hold->views[i];
		bool is_crowded;

		if (!view->session)
			continue;
		pthread_mutex_lock(&view->tree.lock);
		is_crowded = view->tree.nodes > crowd;
		pthread_mutex_unlock(&view->tree.lock);
		if (is_crowded)
			prune_start(view);
	}
}

/* While somebody is connected who may be about to switch, the kernel is told nothing for long. */
static void update_wary(struct control *control)
{
	bool is_wary = false;
	size_t i;

	for (i = 0; i < CONNECTIONS; i++)
		is_wary = is_wary || control->peers[i] >= 0;
	if (is_wary == control->hold->is_wary)
		return;
	control->hold->is_wary = is_wary;
	if (is_wary) {
		walks_ask_at_the_door(control->hold);
		prune_all(control->hold, 0);
	}
}

static void hang_up(struct control *control, int place)
{
	if (control->sealer == place)
		unseal(control); /* the merge has died: programs must not wait for it */
	control->has_expired = false;
	fd_close(&control->peers[place]);
	update_wary(control);
}

static void on_peer(struct control *control, int place)
{
	char request[PACKET_MAX];
	char reply[PACKET_MAX];
	auto_close int passed = -EBADF;
	int r = packet_receive(control->peers[place], request, &passed);

	if (r <= 0) {
		hang_up(control, place);
		return;
	}
	carry_out(control, place, request, passed, reply);
	if (packet_send(control->peers[place], reply, -EBADF) < 0)
		hang_up(control, place);
}

static void on_listener(struct control *control, int listener)
{
	auto_close int peer = packet_accept(listener);
	size_t i;

	for (i = 0; i < CONNECTIONS && peer >= 0; i++)
		if (control->peers[i] < 0)
			control->peers[i] = take_fd(&peer);
	update_wary(control);
}

static void on_signal(const struct control *control, int signals)
{
	struct signalfd_siginfo info;
	size_t i;

	if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	for (i = control->hold->count; i-- > 0;) {
		const struct view *view = &control->hold->views[i];

		/* -ENOENT: it is not on top any more, and what is there is not ours. */
		if (view->session)
			(void)fusemount_detach(view->path, view->mount_id);
	}
}

static bool is_anybody_served(struct hold *hold)
{
	bool is_any = false;
	size_t i;

	pthread_mutex_lock(&hold->gate.lock);
	for (i = 0; i < hold->count; i++)
		is_any = is_any || hold->views[i].workers > 0;
	pthread_mutex_unlock(&hold->gate.lock);
	return is_any;
}

enum {
	WATCH_WAKE,
	WATCH_SIGNALS,
	WATCH_LISTENER,
	WATCH_PEERS,
	WATCHES = WATCH_PEERS + CONNECTIONS
};

static void on_wake(struct hold *hold)
{
	uint64_t count;

	if (read(hold->wake, &count, sizeof(count)) < 0)
		return; /* nothing new after all */
	prune_all(hold, hold->crowd); /* that a view has ended, the loop sees by itself */
}

/* Until something happens, or the seal runs out. */
static void wait_once(struct control *control, struct pollfd *watches)
{
	int timeout = -1;
	size_t i;

	for (i = 0; i < CONNECTIONS; i++)
		watches[WATCH_PEERS + i].fd = control->peers[i]; /* poll skips negative ones */
	if (control->sealer >= 0) {
		time_t left = control->deadline - seconds_now();

		timeout = left > 0 ? (int)left * 1000 : 0;
	}
	if (poll(watches, WATCHES, timeout) < 0)
		for (i = 0; i < WATCHES; i++)
			watches[i].revents = 0;
	if (control->sealer >= 0 && seconds_now() >= control->deadline) {
		unseal(control);
		control->has_expired = true;
	}
}

void control_run(struct hold *hold, int listener, int signals)
{
	struct control control = { .hold = hold, .sealer = -1 };
	struct pollfd watches[WATCHES];
	int i;

	for (i = 0; i < WATCHES; i++)
		watches[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	for (i = 0; i < CONNECTIONS; i++)
		control.peers[i] = -EBADF;
	watches[WATCH_WAKE].fd = hold->wake;
	watches[WATCH_SIGNALS].fd = signals;
	watches[WATCH_LISTENER].fd = listener;
	/* Not before the one who sealed has its answer: at the switch the last user may be gone. */
	while (control.sealer >= 0 || is_anybody_served(hold)) {
		wait_once(&control, watches);
		if (watches[WATCH_WAKE].revents)
			on_wake(hold);
		if (watches[WATCH_SIGNALS].revents)
			on_signal(&control, signals);
		if (watches[WATCH_LISTENER].revents)
			on_listener(&control, listener);
		for (i = 0; i < CONNECTIONS; i++)
			if (watches[WATCH_PEERS + i].revents && control.peers[i] >= 0)
				on_peer(&control, i);
	}
	for (i = 0; i < CONNECTIONS; i++)
		fd_close(&control.peers[i]);
}
