/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket: who is connected. What they ask for is requests.c's. */
#include "config.h"

#include "hold/control.h"
#include "hold/prune.h"
#include "hold/requests.h"
#include "hold/walks.h"

#include "common/fd.h"
#include "common/packet.h"
#include "passthrough/fusemount.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

int control_listen(const struct hold *hold, struct fault *fault)
{
	int fd = packet_listen(hold->run, CONTROL_SOCKET);

	return fd < 0 ? fault_at(fault, fd, "listen on the socket", CONTROL_SOCKET) : fd;
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
		requests_unseal(control); /* the merge has died: programs must not wait for it */
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
	requests_carry_out(control, place, request, passed, reply);
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
		time_t left = control->deadline - requests_now();

		timeout = left > 0 ? (int)left * 1000 : 0;
	}
	if (poll(watches, WATCHES, timeout) < 0)
		for (i = 0; i < WATCHES; i++)
			watches[i].revents = 0;
	if (control->sealer >= 0 && requests_now() >= control->deadline) {
		requests_unseal(control);
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
