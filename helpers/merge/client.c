/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request, one answer. */
#include "config.h"

#include "merge/client.h"
#include "common/fd.h"
#include "common/packet.h"
#include "common/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define SOCKET_NAME "hold.sock"
/* A seal ends by itself after 30 s, so no answer comes later than that. */
#define ANSWER_MS 40000
#define REQUEST_MAX 128

int client_connect(int dirfd, struct fault *fault)
{
	int fd = packet_connect(dirfd, SOCKET_NAME);

	return fd < 0 ? fault_at(fault, fd, "reach the view's socket", SOCKET_NAME) : fd;
}

static int wait_for_answer(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int n;

	do
		n = poll(&wait, 1, ANSWER_MS);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n ? 0 : -ETIMEDOUT;
}

/* "ok…", or "error NUMBER text". */
static int understand(char *answer, const char *request, struct fault *fault)
{
	char *number = answer + strlen("error ");
	uint64_t error;
	char *space;

	if (strncmp(answer, "ok", 2) == 0 && (!answer[2] || answer[2] == ' '))
		return 0;
	if (strncmp(answer, "error ", 6) != 0)
		return fault_because(fault, -EPROTO, "ask the view to", request, answer);
	space = number + strcspn(number, " ");
	if (*space)
		*space++ = '\0';
	if (parse_number(number, INT_MAX, &error) < 0 || error == 0)
		error = EPROTO;
	return fault_because(fault, -(int)error, "ask the view to", request, space);
}

static int ask(int fd, const char *request, int pass, struct fault *fault)
{
	char answer[PACKET_MAX];
	auto_close int passed = -EBADF;
	int r = packet_send(fd, request, pass);

	if (r == 0)
		r = wait_for_answer(fd);
	if (r == 0)
		r = packet_receive(fd, answer, &passed);
	if (r == 0)
		r = -EPIPE;
	if (r < 0)
		return fault_at(fault, r, "ask the view to", request);
	return understand(answer, request, fault);
}

static int ask_layer(int fd, const char *what, unsigned int layer, int pass, struct fault *fault)
{
	char request[REQUEST_MAX];

	(void)snprintf(request, sizeof(request), "%s %u", what, layer);
	return ask(fd, request, pass, fault);
}

int client_seal(int fd, struct fault *fault)
{
	return ask(fd, "seal", -EBADF, fault);
}

int client_seal_briefly(int fd, struct fault *fault)
{
	return ask(fd, "seal brief", -EBADF, fault);
}

int client_prepare(int fd, unsigned int layer, int directory, bool is_apart, struct fault *fault)
{
	return ask_layer(fd, is_apart ? "prepare-apart" : "prepare", layer, directory, fault);
}

int client_switch(int fd, unsigned int layer, struct fault *fault)
{
	return ask_layer(fd, "switch", layer, -EBADF, fault);
}

int client_keep(int fd, unsigned int layer, uint64_t mount, const struct stat *st,
		struct fault *fault)
{
	char request[REQUEST_MAX];

	(void)snprintf(request, sizeof(request), "keep %u %" PRIu64 " %" PRIu64 " %" PRIu64, layer,
		       mount, (uint64_t)st->st_dev, (uint64_t)st->st_ino);
	return ask(fd, request, -EBADF, fault);
}

static int ask_object(int fd, const char *what, unsigned int layer, ino_t object, int pass,
		      struct fault *fault)
{
	char request[REQUEST_MAX];

	(void)snprintf(request, sizeof(request), "%s %u %" PRIu64, what, layer, (uint64_t)object);
	return ask(fd, request, pass, fault);
}

int client_appends(int fd, unsigned int layer, ino_t object, struct fault *fault)
{
	return ask_object(fd, "appends", layer, object, -EBADF, fault);
}

int client_instead(int fd, unsigned int layer, ino_t object, int disk, struct fault *fault)
{
	return ask_object(fd, "instead", layer, object, disk, fault);
}

int client_unseal(int fd, struct fault *fault)
{
	return ask(fd, "unseal", -EBADF, fault);
}
