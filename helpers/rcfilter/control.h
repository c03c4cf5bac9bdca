/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket /run/initfs/rcfilter.sock: one request a packet, one answer a request.
 *
 *	services [FROM]  "ok next=N" and a line for each service from number FROM on, as many as fit;
 *	                 next=0: those were all; see table.h
 *	explain NAME     "ok SENTENCE", or "error 2 …" for a script that is not there
 *	off              "ok": the views are gone, every script runs from now on
 *
 * Anything else is answered with "error 22 …".
 */
#ifndef INITFS_RC_CONTROL_H
#define INITFS_RC_CONTROL_H

#include "rcfilter/board.h"
#include "rcfilter/catalog.h"

#include <stdint.h>

#define CONTROL_SOCKET "rcfilter.sock"
#define CONTROL_CLIENTS 8

/* What epoll hands back for the socket and its clients; the rest of the numbers is the caller's. */
#define CONTROL_TAG (1ULL << 40)

struct control {
	const struct catalog *catalog;
	struct board *board;
	bool (*is_running)(const struct service *service); /* NULL, or as in table.h */
	int epoll; /* not owned */
	int listener;
	int client[CONTROL_CLIENTS];
	void (*off)(void *data); /* carries out "off" before it is answered */
	void *data;
};

/* Nothing is open: so control_stop may be called from here on. Before all else. */
void control_init(struct control *control);

/* Listens in the directory state and adds itself to epoll. 0 or -errno. */
int control_start(struct control *control, int state);

/* Serves an event of epoll whose data is tag (CONTROL_TAG and above). */
void control_event(struct control *control, uint64_t tag);

void control_stop(struct control *control);

/* The answer to a request into answer[size]. Pure, but for "off". */
void control_answer(struct control *control, const char *request, char *answer, size_t size);

#endif
