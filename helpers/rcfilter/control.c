/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket. */
#include "config.h"

#include "rcfilter/control.h"
#include "rcfilter/table.h"
#include "common/fd.h"
#include "common/packet.h"
#include "common/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

static void answer_services(const struct control *control, uint64_t from, char *answer, size_t size)
{
	char head[32];
	size_t room = sizeof(head);
	size_t used = room;
	size_t next = 0;
	size_t length;
	size_t i;

	/* The head tells what the lines have come to: it is written last, at the end of its room. */
	for (i = (size_t)from; i < table_count(control->catalog); i++) {
		length = table_line(control->catalog, control->board->records, i,
				    control->is_running, answer + used, size - used);
		if (!length) {
			next = used > room ? i : i + 1; /* one that never fits is left out */
			break;
		}
		used += length;
	}
	length = (size_t)snprintf(head, sizeof(head), "ok next=%zu\n", next);
	memmove(answer + length, answer + room, used - room);
	memcpy(answer, head, length);
	answer[length + used - room] = '\0';
}

static void answer_explain(const struct control *control, const char *name, char *answer,
			   size_t size)
{
	size_t service = catalog_find(control->catalog, name);
	char sentence[512];

	if (service == CATALOG_NONE || service >= table_count(control->catalog)) {
		(void)snprintf(answer, size, "error %d there is no such start script", ENOENT);
		return;
	}
	(void)explain(control->catalog, control->board->records, service, sentence,
		      sizeof(sentence));
	(void)snprintf(answer, size, "ok %s", sentence);
}

void control_answer(struct control *control, const char *request, char *answer, size_t size)
{
	uint64_t from = 0;

	if (strcmp(request, "services") == 0 ||
	    (strncmp(request, "services ", 9) == 0 &&
	     parse_number(request + 9, BOARD_MAX, &from) == 0)) {
		answer_services(control, from, answer, size);
	} else if (strncmp(request, "explain ", 8) == 0) {
		answer_explain(control, request + 8, answer, size);
	} else if (strcmp(request, "off") == 0) {
		control->off(control->data);
		(void)snprintf(answer, size, "ok");
	} else {
		(void)snprintf(answer, size, "error %d services, explain NAME or off", EINVAL);
	}
}

/* --- the socket ------------------------------------------------------------------------------ */

static int add(const struct control *control, int fd, uint64_t tag)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = tag };

	return epoll_ctl(control->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void control_init(struct control *control)
{
	size_t i;

	*control = (struct control){ .listener = -EBADF };
	for (i = 0; i < CONTROL_CLIENTS; i++)
		control->client[i] = -EBADF;
}

int control_start(struct control *control, int state)
{
	int r;

	control->listener = packet_listen(state, CONTROL_SOCKET);
	if (control->listener < 0)
		return control->listener;
	r = add(control, control->listener, CONTROL_TAG);
	if (r < 0)
		fd_close(&control->listener);
	return r;
}

static void accept_client(struct control *control)
{
	auto_close int fd = packet_accept(control->listener);
	size_t i;

	for (i = 0; i < CONTROL_CLIENTS && control->client[i] >= 0; i++)
		;
	/* One too many is closed: it hears that it was not served. */
	if (fd < 0 || i == CONTROL_CLIENTS || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
	    add(control, fd, CONTROL_TAG + 1 + i) < 0)
		return;
	control->client[i] = take_fd(&fd);
}

static void serve_client(struct control *control, int *client)
{
	char request[PACKET_MAX];
	char answer[PACKET_MAX];
	int passed = -EBADF;
	int n = packet_receive(*client, request, &passed);

	fd_close(&passed);
	if (n == -EAGAIN)
		return;
	if (n <= 0) {
		fd_close(client);
		return;
	}
	/* A zero byte in it: nobody has asked for what stands before it. */
	if (strlen(request) != (size_t)n)
		request[0] = '\0';
	control_answer(control, request, answer, sizeof(answer) - 1);
	if (packet_send(*client, answer, -1) < 0)
		fd_close(client);
}

void control_event(struct control *control, uint64_t tag)
{
	if (tag == CONTROL_TAG)
		accept_client(control);
	else if (tag - CONTROL_TAG <= CONTROL_CLIENTS &&
		 control->client[tag - CONTROL_TAG - 1] >= 0)
		serve_client(control, &control->client[tag - CONTROL_TAG - 1]);
}

void control_stop(struct control *control)
{
	size_t i;

	for (i = 0; i < CONTROL_CLIENTS; i++)
		fd_close(&control->client[i]);
	fd_close(&control->listener);
}
