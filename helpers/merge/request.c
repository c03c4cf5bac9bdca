/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What initfs merge asks. */
#include "config.h"

#include "merge/request.h"
#include "common/fd.h"
#include "common/packet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

/* Only root gets here; one who connects and says nothing must not stop the merge. */
#define PATIENCE_SECONDS 2

int request_parse(const char *line, bool *ret_is_now)
{
	bool is_now = strcmp(line, "merge now") == 0;

	if (!is_now && strcmp(line, "merge") != 0)
		return -EINVAL;
	*ret_is_now = is_now;
	return 0;
}

int request_take(int listener, struct request *ret_request)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	struct request request = { .peer = packet_accept(listener) };
	auto_close int passed = -EBADF;
	char line[PACKET_MAX];
	int r;

	if (request.peer < 0)
		return request.peer;
	(void)setsockopt(request.peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	r = packet_receive(request.peer, line, &passed);
	if (r == 0)
		r = -EPIPE;
	if (r > 0)
		r = request_parse(line, &request.is_now);
	if (r < 0) {
		request_answer(&request, EXIT_REFUSED, "it takes 'merge' or 'merge now'");
		return r;
	}
	*ret_request = request;
	return 0;
}

void request_answer(struct request *request, enum exit_code code, const char *text)
{
	char line[PACKET_MAX];
	const char *word = code == EXIT_DONE ? "done" : "failed";

	if (request->peer < 0)
		return;
	if (code == EXIT_REFUSED)
		word = "refused";
	(void)snprintf(line, sizeof(line), "%s %s", word, text);
	(void)packet_send(request->peer, line, -EBADF); /* who has gone does not want it */
	fd_close(&request->peer);
}
