/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of text for each packet over a SOCK_SEQPACKET socket in a directory that only root may
 * enter or write; a packet may carry one descriptor. The control socket of initfs-hold speaks it.
 */
#ifndef INITFS_PACKET_H
#define INITFS_PACKET_H

#include <stddef.h>

#define PACKET_MAX 4096

/* Binds and listens at name (0600) below dirfd, in place of what stood there. Owned by the caller. */
int packet_listen(int dirfd, const char *name);

/* Accepts a peer that is root (SO_PEERCRED); others are closed and answered with -EPERM. */
int packet_accept(int listener);

/* Connects to name below dirfd. Owned by the caller. */
int packet_connect(int dirfd, const char *name);

/* Sends line as one packet, with a descriptor unless pass is negative. Returns 0 or -errno. */
int packet_send(int fd, const char *line, int pass);

/*
 * Receives one packet as a string into line[PACKET_MAX]. *ret_passed is the descriptor that came
 * with it, owned by the caller, or -EBADF. Returns its length (0: the peer has gone) or -errno;
 * -EMSGSIZE for one that is too long.
 */
int packet_receive(int fd, char *line, int *ret_passed);

#endif
