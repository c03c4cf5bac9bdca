/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks initfs-hold over its control socket how it is. */
#include "config.h"

#include "cli/view.h"
#include "cli/command.h"
#include "common/fd.h"
#include "common/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define OK_STATE "ok state="

int view_parse(struct view *ret_view, const char *line)
{
	size_t length;

	if (strncmp(line, OK_STATE, strlen(OK_STATE)) != 0)
		return -EPROTO;
	line += strlen(OK_STATE);
	length = strcspn(line, " ");
	if (length == 0 || length >= sizeof(ret_view->state))
		return -EPROTO;
	(void)snprintf(ret_view->state, sizeof(ret_view->state), "%.*s", (int)length, line);
	line += length;
	(void)snprintf(ret_view->text, sizeof(ret_view->text), "%s", line + (*line == ' '));
	return 0;
}

int view_ask(struct view *ret_view)
{
	/* A person waits. One who is sealed for longer than this is worth the line that says so. */
	const struct timeval patience = { .tv_sec = 2 };
	auto_close int dir = open(STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int peer = -EBADF;
	auto_close int passed = -EBADF;
	char line[PACKET_MAX];
	int r;

	if (dir < 0)
		return -errno;
	peer = packet_connect(dir, "hold.sock");
	if (peer < 0)
		return peer;
	if (setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	r = packet_send(peer, "status", -EBADF);
	if (r < 0)
		return r;
	r = packet_receive(peer, line, &passed);
	if (r < 0)
		return r;
	return r == 0 ? -ECONNREFUSED : view_parse(ret_view, line);
}
