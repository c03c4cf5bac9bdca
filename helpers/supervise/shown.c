/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at an X server, in a process of its own. In this order: connect; find the server's process, its
 * -auth file and the cookie in it; say hello; ask to be told of windows and compositors; then at each look ask
 * for the root's children until one is visible, and where there is a compositor for some rows of pixels until they
 * show something else. Between two looks it sleeps until it is told of something; only a compositor's drawing is
 * looked for all the time, because we would not be told of that.
 */
#include "config.h"

#include "supervise/shown.h"
#include "supervise/socket.h"
#include "supervise/spawn.h"
#include "supervise/x11.h"
#include "common/fd.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FILE_MAX_BYTES 65536 /* an Xauthority file, a command line */
#define CHILDREN_MAX 64 /* a greeter has a handful of windows */
/* gnome-shell has the server for itself while it begins; who asks us ends us when nobody waits any more. */
#define ANSWER_SECONDS 3600
/* A blink: shorter gains nothing that an eye sees, longer delays the boot. */
#define LOOK_NSEC 50000000
/* Where the server does not tell when a compositor comes. */
#define SLOW_LOOK_MSEC 1000
#define ROWS 3

/* Our connection stays from the first look to the last: a server whose only client goes starts anew. */
struct server {
	int fd;
	struct x11_screen screen;
	uint16_t asked; /* the number of the last request */
	uint32_t selection; /* a compositor's */
	bool is_told; /* of all that makes a look worthwhile, but of what a compositor draws */
	bool was_told; /* of something, since the root's children were asked for */
	bool has_compositor;
	bool has_rows; /* the first look has been taken */
	uint64_t rows[ROWS]; /* sums of what it saw: a server may begin with the splash's picture */
};

static int send_all(int fd, const void *data, size_t size)
{
	ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EIO;
}

static int receive_all(int fd, void *data, size_t size)
{
	ssize_t n = recv(fd, data, size, MSG_WAITALL);

	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EIO;
}

/* The word after "-auth" on the command line of a process, allocated; NULL where there is none. */
static char *auth_file_of(pid_t pid)
{
	auto_free char *words = NULL;
	char path[64];
	ssize_t size, at;
	bool is_next = false;

	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	size = file_read(AT_FDCWD, path, FILE_MAX_BYTES, &words);
	for (at = 0; at < size; at += (ssize_t)strlen(words + at) + 1) {
		if (is_next)
			return strdup(words + at);
		is_next = strcmp(words + at, "-auth") == 0;
	}
	return NULL;
}

static int cookie_of_server(int fd, struct x11_cookie *ret_cookie)
{
	auto_free char *path = NULL;
	auto_free char *file = NULL;
	struct ucred peer;
	socklen_t peer_size = sizeof(peer);
	ssize_t size;

	ret_cookie->size = 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) < 0)
		return -errno;
	path = auth_file_of(peer.pid);
	if (!path)
		return 0;
	size = file_read(AT_FDCWD, path, FILE_MAX_BYTES, &file);
	if (size < 0)
		return (int)size;
	return x11_cookie_find((const uint8_t *)file, (size_t)size, ret_cookie);
}

static int say_hello(struct server *server, const struct x11_cookie *cookie)
{
	uint8_t hello[X11_HELLO_MAX];
	uint8_t head[8];
	auto_free uint8_t *answer = NULL;
	uint16_t units;
	int r = send_all(server->fd, hello, x11_hello(hello, cookie));

	if (r == 0)
		r = receive_all(server->fd, head, sizeof(head));
	if (r < 0)
		return r;
	if (head[0] != 1)
		return -EACCES;
	memcpy(&units, head + 6, sizeof(units));
	answer = malloc((size_t)units * 4 + 1);
	if (!answer)
		return -ENOMEM;
	r = receive_all(server->fd, answer, (size_t)units * 4);
	return r < 0 ? r : x11_screen_find(answer, (size_t)units * 4, &server->screen);
}

/* Sends a request that has no reply. */
static int tell(struct server *server, const uint8_t *request, size_t length)
{
	server->asked++;
	return send_all(server->fd, request, length);
}

/* The answer to the last request, behind what we were told before. */
static int receive_reply(struct server *server, uint8_t reply[X11_REPLY])
{
	int r;

	while ((r = receive_all(server->fd, reply, X11_REPLY)) == 0 &&
	       !is_x11_reply_to(reply, server->asked))
		if (is_x11_event(reply))
			server->was_told = true;
		else
			server->is_told = false; /* it does not tell us what we asked to be told */
	return r;
}

/* Sends a request and receives its reply; *ret_rest, allocated, is what follows the first bytes. */
static int ask(struct server *server, const uint8_t *request, size_t length,
	       uint8_t reply[X11_REPLY], uint8_t **ret_rest)
{
	auto_free uint8_t *rest = NULL;
	int size;
	int r = tell(server, request, length);

	if (r == 0)
		r = receive_reply(server, reply);
	if (r < 0)
		return r;
	/* A window that has just gone is answered by an error of 32 bytes: nothing follows. */
	size = x11_reply_rest(reply);
	if (size < 0)
		return reply[0] == 0 ? 0 : size;
	rest = malloc((size_t)size + 1);
	if (!rest)
		return -ENOMEM;
	r = size ? receive_all(server->fd, rest, (size_t)size) : 0;
	if (r < 0)
		return r;
	*ret_rest = take_pointer(rest);
	return size;
}

/* The same, for a reply whose first bytes say all. */
static int ask_short(struct server *server, const uint8_t *request, size_t length,
		     uint8_t reply[X11_REPLY])
{
	auto_free uint8_t *rest = NULL;

	return ask(server, request, length, reply, &rest);
}

/* Before the first look, so that nothing comes between. */
static int ask_to_be_told(struct server *server)
{
	uint8_t select[X11_SELECT], find[X11_FIND_COMPOSITOR], reply[X11_REPLY];
	uint8_t find_fixes[X11_FIND_FIXES], hello[X11_FIXES_HELLO];
	uint8_t opcode;
	int r;

	server->is_told = true; /* until we learn that it is not so */
	x11_select_children(select, server->screen.root);
	r = tell(server, select, sizeof(select));
	x11_find_compositor(find);
	if (r == 0)
		r = ask_short(server, find, sizeof(find), reply);
	if (r < 0)
		return r;
	server->selection = x11_answer(reply);
	x11_find_fixes(find_fixes);
	r = ask_short(server, find_fixes, sizeof(find_fixes), reply);
	opcode = r < 0 ? 0 : x11_extension(reply);
	if (!opcode || !server->selection) {
		server->is_told = false;
		return r < 0 ? r : 0;
	}
	x11_fixes_hello(hello, opcode);
	r = ask_short(server, hello, sizeof(hello), reply);
	if (r < 0)
		return r;
	x11_fixes_select(select, opcode, server->screen.root, server->selection);
	return tell(server, select, sizeof(select));
}

static int open_server(struct server *server, const char *socket_path)
{
	struct x11_cookie cookie;
	int r;

	server->fd = socket_connect(socket_path, SOCK_STREAM, ANSWER_SECONDS);
	if (server->fd < 0)
		return server->fd;
	r = cookie_of_server(server->fd, &cookie);
	if (r == 0)
		r = say_hello(server, &cookie);
	return r < 0 ? r : ask_to_be_told(server);
}

/* 1 or 0: is that window to be seen? Window managers keep some of their own beside the screen. */
static int look_at_window(struct server *server, uint32_t window)
{
	uint8_t request[8], reply[X11_REPLY];
	int r;

	x11_get_attributes(request, window);
	r = ask_short(server, request, sizeof(request), reply);
	if (r < 0 || reply[0] != 1 || !is_x11_viewable(reply))
		return r < 0 ? r : 0;
	x11_get_geometry(request, window);
	r = ask_short(server, request, sizeof(request), reply);
	return r < 0 ? r : is_x11_on_screen(reply, &server->screen);
}

static int look_at_children(struct server *server)
{
	uint8_t request[8], reply[X11_REPLY];
	auto_free uint8_t *children = NULL;
	int size, at, r = 0;

	x11_query_tree(request, server->screen.root);
	size = ask(server, request, sizeof(request), reply, &children);
	server->was_told = false; /* what we were told of before it is in the reply */
	for (at = 0; r == 0 && at + 4 <= size && at < CHILDREN_MAX * 4; at += 4) {
		uint32_t window;

		memcpy(&window, children + at, sizeof(window));
		r = look_at_window(server, window);
	}
	return size < 0 ? size : r;
}

/* FNV-1a: the same pixels have the same sum, and others hardly ever. */
static uint64_t sum(const uint8_t *data, size_t size)
{
	uint64_t result = 0xcbf29ce484222325;
	size_t i;

	for (i = 0; i < size; i++)
		result = (result ^ data[i]) * 0x100000001b3;
	return result;
}

/* 1: row number i shows something that was not there at the first look. */
static int look_at_row(struct server *server, unsigned int i)
{
	uint16_t y = (uint16_t)(server->screen.height * (i + 1) / (ROWS + 1));
	uint8_t request[X11_GET_ROW], reply[X11_REPLY];
	auto_free uint8_t *row = NULL;
	int size;

	x11_get_row(request, &server->screen, y);
	size = ask(server, request, sizeof(request), reply, &row);
	if (size <= 0)
		return size;
	if (!server->has_rows)
		server->rows[i] = sum(row, (size_t)size);
	return server->rows[i] != sum(row, (size_t)size) && !is_x11_plain(row, (size_t)size);
}

static int look_for_compositor(struct server *server)
{
	uint8_t request[8], reply[X11_REPLY];
	int r;

	x11_get_owner(request, server->selection);
	r = ask_short(server, request, sizeof(request), reply);
	if (r >= 0)
		server->has_compositor = x11_answer(reply);
	return r < 0 ? r : 0;
}

static int look_at_rows(struct server *server)
{
	int r = look_for_compositor(server);
	unsigned int i;

	if (r == 0 && server->has_rows && !server->has_compositor)
		return 0;
	for (i = 0; r == 0 && i < ROWS; i++)
		r = look_at_row(server, i);
	server->has_rows = true;
	return r;
}

/* Until another look may see something new. A server that has gone is one more thing to be told of. */
static void sleep_until_told(struct server *server)
{
	const struct timespec pause = { .tv_nsec = LOOK_NSEC };
	struct pollfd told = { .fd = server->fd, .events = POLLIN };

	if (!server->was_told && !server->has_compositor)
		(void)poll(&told, 1, server->is_told ? -1 : SLOW_LOOK_MSEC);
	/* Changes come in crowds. One that is cut short does no harm. */
	(void)nanosleep(&pause, NULL);
}

static int look(const char *socket_path)
{
	struct server server = { .fd = -EBADF };
	int r = open_server(&server, socket_path);

	while (r == 0) {
		r = look_at_children(&server);
		if (r == 0)
			r = look_at_rows(&server);
		if (r == 0)
			sleep_until_told(&server);
	}
	fd_close(&server.fd);
	return r;
}

int shown_look(struct shown *shown, const char *socket_path)
{
	if (shown->pidfd < 0)
		return spawn_work(look, socket_path, &shown->pidfd);
	return spawn_result(&shown->pidfd);
}

void shown_close(struct shown *shown)
{
	spawn_stop(&shown->pidfd);
}
