/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is there a network: an interface other than lo that has a carrier and an address which is not
 * only link-local, and, where that is asked for, a default route. Asked of the kernel, because the script `networking` ends with 0 without a cable.
 */
#ifndef INITFS_NETLINK_H
#define INITFS_NETLINK_H

#include <stdbool.h>

struct network {
	bool is_up;
	bool is_coming; /* a carrier is there, and not yet all else */
	bool is_dark; /* somebody has brought an interface up, and it has no carrier */
};

/*
 * A non-blocking socket that becomes readable when a link, an address or (with_routes) a route
 * changes. Owned, or -errno.
 */
int netlink_watch(bool with_routes);

/* Reads and throws away what netlink_watch's socket has to say. */
void netlink_drain(int watch);

/* Asks the kernel now. 0 or -errno; ret_network is untouched on failure. */
int netlink_ask(bool with_routes, struct network *ret_network);

#endif
