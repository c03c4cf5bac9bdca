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

/* The root window of the first screen, from what follows the first 8 bytes of the server's answer. */
int x11_root_find(const uint8_t *answer, size_t size, uint32_t *ret_root);

/* Requests of 8 bytes each: the children of a window, the attributes of one. */
void x11_query_tree(uint8_t request[8], uint32_t window);
void x11_get_attributes(uint8_t request[8], uint32_t window);

/* How many bytes follow the first X11_REPLY of a reply; -EINVAL where it is an error or an event. */
int x11_reply_rest(const uint8_t reply[X11_REPLY]);

/* Does the reply to x11_get_attributes speak of a window that draws and can be seen? */
bool is_x11_viewable(const uint8_t reply[X11_REPLY]);

#endif
