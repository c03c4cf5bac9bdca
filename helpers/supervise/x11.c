/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few bytes of the X11 protocol that tell whether a screen shows. */
#include "config.h"

#include "supervise/x11.h"

#include <errno.h>
#include <string.h>

enum {
	OPCODE_CHANGE_WINDOW_ATTRIBUTES = 2,
	OPCODE_GET_WINDOW_ATTRIBUTES = 3,
	OPCODE_GET_GEOMETRY = 14,
	OPCODE_QUERY_TREE = 15,
	OPCODE_INTERN_ATOM = 16,
	OPCODE_GET_SELECTION_OWNER = 23,
	OPCODE_GET_IMAGE = 73,
	OPCODE_QUERY_EXTENSION = 98,
};

/* Of the extension XFIXES, behind its own opcode. */
enum {
	FIXES_QUERY_VERSION = 0,
	FIXES_SELECT_SELECTION_INPUT = 2,
};

#define ANSWER_MAX (1 << 20) /* bytes: a server with thousands of visuals says less */
#define CLASS_INPUT_OUTPUT 1
#define FORMAT_Z_PIXMAP 2
#define MAP_STATE_VIEWABLE 2
#define CHANGE_EVENT_MASK (1 << 11)
#define EVENTS_OF_CHILDREN (1 << 19)
#define EVENTS_OF_OWNER (1 << 0)

/* What is left of a file while it is read. */
struct bytes {
	const uint8_t *at;
	size_t left;
};

/* A field of an Xauthority entry: its length in two bytes, high one first, then so many bytes. */
static int take_field(struct bytes *bytes, struct bytes *ret_field)
{
	size_t length;

	if (bytes->left < 2)
		return -EINVAL;
	length = (size_t)bytes->at[0] << 8 | bytes->at[1];
	if (bytes->left < 2 + length)
		return -EINVAL;
	*ret_field = (struct bytes){ bytes->at + 2, length };
	bytes->at += 2 + length;
	bytes->left -= 2 + length;
	return 0;
}

/* An entry: family (2 bytes), then address, display number, name and data. */
static int take_entry(struct bytes *bytes, struct bytes *ret_name, struct bytes *ret_data)
{
	struct bytes ignored;
	int r;

	if (bytes->left < 2)
		return -EINVAL;
	bytes->at += 2;
	bytes->left -= 2;
	r = take_field(bytes, &ignored);
	if (r == 0)
		r = take_field(bytes, &ignored);
	if (r == 0)
		r = take_field(bytes, ret_name);
	return r < 0 ? r : take_field(bytes, ret_data);
}

int x11_cookie_find(const uint8_t *file, size_t size, struct x11_cookie *ret_cookie)
{
	struct bytes bytes = { file, size };
	struct bytes name, data;
	int r;

	while (bytes.left) {
		r = take_entry(&bytes, &name, &data);
		if (r < 0)
			return r;
		if (name.left != strlen(X11_COOKIE_NAME) ||
		    memcmp(name.at, X11_COOKIE_NAME, name.left) != 0)
			continue;
		if (data.left == 0 || data.left > X11_COOKIE_MAX)
			return -EINVAL;
		ret_cookie->size = data.left;
		memcpy(ret_cookie->data, data.at, data.left);
		return 0;
	}
	return -ENOENT;
}

static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

static void put16(uint8_t *at, uint16_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

static uint16_t get16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

size_t x11_hello(uint8_t hello[X11_HELLO_MAX], const struct x11_cookie *cookie)
{
	static const uint16_t one = 1;
	size_t name_size = cookie->size ? strlen(X11_COOKIE_NAME) : 0;

	memset(hello, 0, X11_HELLO_MAX);
	hello[0] = *(const uint8_t *)&one ? 'l' : 'B';
	put16(hello + 2, 11);
	put16(hello + 6, (uint16_t)name_size);
	put16(hello + 8, (uint16_t)cookie->size);
	memcpy(hello + 12, X11_COOKIE_NAME, name_size);
	memcpy(hello + 12 + padded(name_size), cookie->data, cookie->size);
	return 12 + padded(name_size) + padded(cookie->size);
}

int x11_screen_find(const uint8_t *answer, size_t size, struct x11_screen *ret_screen)
{
	size_t at;

	if (size < 32 || size > ANSWER_MAX)
		return -EINVAL;
	/* 32 fixed bytes, the vendor's name, 8 for each pixmap format; then the screens. */
	at = 32 + padded(get16(answer + 16)) + 8 * (size_t)answer[21];
	if (answer[20] == 0 || at + 24 > size)
		return -EINVAL;
	*ret_screen = (struct x11_screen){
		.root = get32(answer + at),
		.width = get16(answer + at + 20),
		.height = get16(answer + at + 22),
	};
	return 0;
}

static void request_of(uint8_t request[8], uint8_t opcode, uint32_t window)
{
	request[0] = opcode;
	request[1] = 0;
	put16(request + 2, 2); /* length in units of four bytes */
	put32(request + 4, window);
}

void x11_query_tree(uint8_t request[8], uint32_t window)
{
	request_of(request, OPCODE_QUERY_TREE, window);
}

void x11_get_attributes(uint8_t request[8], uint32_t window)
{
	request_of(request, OPCODE_GET_WINDOW_ATTRIBUTES, window);
}

void x11_select_children(uint8_t request[X11_SELECT], uint32_t window)
{
	request_of(request, OPCODE_CHANGE_WINDOW_ATTRIBUTES, window);
	put16(request + 2, X11_SELECT / 4);
	put32(request + 8, CHANGE_EVENT_MASK);
	put32(request + 12, EVENTS_OF_CHILDREN);
}

/* Two requests have their form: opcode, a byte, and a name. */
static void put_name(uint8_t *request, size_t size, uint8_t opcode, const char *name)
{
	memset(request, 0, size);
	request[0] = opcode;
	put16(request + 2, (uint16_t)(size / 4));
	put16(request + 4, (uint16_t)strlen(name));
	memcpy(request + 8, name, strlen(name));
}

void x11_find_fixes(uint8_t request[X11_FIND_FIXES])
{
	put_name(request, X11_FIND_FIXES, OPCODE_QUERY_EXTENSION, "XFIXES");
}

uint8_t x11_extension(const uint8_t reply[X11_REPLY])
{
	return reply[0] == 1 && reply[8] ? reply[9] : 0;
}

void x11_fixes_hello(uint8_t request[X11_FIXES_HELLO], uint8_t opcode)
{
	request[0] = opcode;
	request[1] = FIXES_QUERY_VERSION;
	put16(request + 2, X11_FIXES_HELLO / 4);
	put32(request + 4, 1);
	put32(request + 8, 0);
}

void x11_fixes_select(uint8_t request[X11_SELECT], uint8_t opcode, uint32_t window,
		      uint32_t selection)
{
	request[0] = opcode;
	request[1] = FIXES_SELECT_SELECTION_INPUT;
	put16(request + 2, X11_SELECT / 4);
	put32(request + 4, window);
	put32(request + 8, selection);
	put32(request + 12, EVENTS_OF_OWNER);
}

void x11_find_compositor(uint8_t request[X11_FIND_COMPOSITOR])
{
	put_name(request, X11_FIND_COMPOSITOR, OPCODE_INTERN_ATOM, "_NET_WM_CM_S0");
}

void x11_get_owner(uint8_t request[8], uint32_t selection)
{
	request_of(request, OPCODE_GET_SELECTION_OWNER, selection);
}

uint32_t x11_answer(const uint8_t reply[X11_REPLY])
{
	return reply[0] == 1 ? get32(reply + 8) : 0;
}

void x11_get_row(uint8_t request[X11_GET_ROW], const struct x11_screen *screen, uint16_t y)
{
	memset(request, 0, X11_GET_ROW);
	request[0] = OPCODE_GET_IMAGE;
	request[1] = FORMAT_Z_PIXMAP;
	put16(request + 2, X11_GET_ROW / 4);
	memcpy(request + 4, &screen->root, sizeof(screen->root));
	put16(request + 10, y);
	put16(request + 12, screen->width);
	put16(request + 14, 1);
	memset(request + 16, 0xff, 4); /* all planes */
}

bool is_x11_plain(const uint8_t *row, size_t size)
{
	return size <= 4 || memcmp(row, row + 4, size - 4) == 0;
}

void x11_get_geometry(uint8_t request[8], uint32_t window)
{
	request_of(request, OPCODE_GET_GEOMETRY, window);
}

bool is_x11_on_screen(const uint8_t reply[X11_REPLY], const struct x11_screen *screen)
{
	int x = (int16_t)get16(reply + 12), y = (int16_t)get16(reply + 14);

	return reply[0] == 1 && x < screen->width && y < screen->height &&
	       x + get16(reply + 16) > 0 && y + get16(reply + 18) > 0;
}

bool is_x11_event(const uint8_t reply[X11_REPLY])
{
	return reply[0] > 1; /* 0 is an error, 1 a reply */
}

bool is_x11_reply_to(const uint8_t reply[X11_REPLY], uint16_t number)
{
	return !is_x11_event(reply) && get16(reply + 2) == number;
}

int x11_reply_rest(const uint8_t reply[X11_REPLY])
{
	uint32_t units = get32(reply + 4);

	if (reply[0] != 1 || units > ANSWER_MAX / 4)
		return -EINVAL;
	return (int)units * 4;
}

bool is_x11_viewable(const uint8_t reply[X11_REPLY])
{
	return get16(reply + 12) == CLASS_INPUT_OUTPUT && reply[26] == MAP_STATE_VIEWABLE;
}
