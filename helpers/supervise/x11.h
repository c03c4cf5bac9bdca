/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: the few bytes of the X11 protocol (and of Xauthority files) that tell whether a screen shows. */
#ifndef INITFS_SUPERVISE_X11_H
#define INITFS_SUPERVISE_X11_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define X11_COOKIE_NAME "MIT-MAGIC-COOKIE-1"
#define X11_COOKIE_MAX 64
#define X11_HELLO_MAX (12 + 20 + X11_COOKIE_MAX)
#define X11_REPLY 32 /* bytes of a reply or error, before what its length field adds */

struct x11_cookie {
	size_t size; /* 0: none, the server lets everybody in */
	uint8_t data[X11_COOKIE_MAX];
};

/* The first magic cookie of an Xauthority file. Returns 0, -ENOENT, or -EINVAL for a broken file. */
int x11_cookie_find(const uint8_t *file, size_t size, struct x11_cookie *ret_cookie);

/* Writes the hello of a client, in this machine's byte order. Returns its length. */
size_t x11_hello(uint8_t hello[X11_HELLO_MAX], const struct x11_cookie *cookie);

struct x11_screen {
	uint32_t root; /* its window */
	uint16_t width, height;
};

/* The first screen, from what follows the first 8 bytes of the server's answer. 0 or -EINVAL. */
int x11_screen_find(const uint8_t *answer, size_t size, struct x11_screen *ret_screen);

/* Requests of 8 bytes each: the children of a window, the attributes of one. */
void x11_query_tree(uint8_t request[8], uint32_t window);
void x11_get_attributes(uint8_t request[8], uint32_t window);

#define X11_SELECT 16 /* bytes of the request */
#define X11_FIND_COMPOSITOR 24
#define X11_FIND_FIXES 16
#define X11_FIXES_HELLO 12
#define X11_GET_ROW 20

/* A request for events: a child of the window comes, goes, or is moved. It has no reply. */
void x11_select_children(uint8_t request[X11_SELECT], uint32_t window);

/*
 * A request for the atom of the selection that a compositor of the first screen owns (from then on there is
 * one), and one for its owner. Both replies have their answer in x11_answer(): 0 where there is none.
 */
void x11_find_compositor(uint8_t request[X11_FIND_COMPOSITOR]);
void x11_get_owner(uint8_t request[8], uint32_t selection);
uint32_t x11_answer(const uint8_t reply[X11_REPLY]);

/*
 * Requests for events of a selection, whose owner changes: for the extension's opcode, which is in
 * x11_extension() of the reply (0: the server does not have it), for its version, without which nothing else is
 * understood, and for the events, to a window of anybody's. That has no reply.
 */
void x11_find_fixes(uint8_t request[X11_FIND_FIXES]);
uint8_t x11_extension(const uint8_t reply[X11_REPLY]);
void x11_fixes_hello(uint8_t request[X11_FIXES_HELLO], uint8_t opcode);
void x11_fixes_select(uint8_t request[X11_SELECT], uint8_t opcode, uint32_t window,
		      uint32_t selection);

/* A request for the pixels of row y of a screen, with all windows on it. */
void x11_get_row(uint8_t request[X11_GET_ROW], const struct x11_screen *screen, uint16_t y);

/* Have all pixels of a row the same colour? They have four bytes each, or the row is not understood. */
bool is_x11_plain(const uint8_t *row, size_t size);

/*
 * Is it an event, and the reply still to come? Who asks for none is told all the same when the keyboard's
 * map changes.
 */
bool is_x11_event(const uint8_t reply[X11_REPLY]);

/* Is it the reply or error to that request? The first one after the hello has number 1. */
bool is_x11_reply_to(const uint8_t reply[X11_REPLY], uint16_t number);

/* How many bytes follow the first X11_REPLY of a reply; -EINVAL where it is an error or an event. */
int x11_reply_rest(const uint8_t reply[X11_REPLY]);

/* A request for the place of a window, and whether the reply speaks of one that is on the screen. */
void x11_get_geometry(uint8_t request[8], uint32_t window);
bool is_x11_on_screen(const uint8_t reply[X11_REPLY], const struct x11_screen *screen);

/* Does the reply to x11_get_attributes speak of a window that draws and can be seen? */
bool is_x11_viewable(const uint8_t reply[X11_REPLY]);

#endif
