/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of text for each packet. */
#include "config.h"

#include "common/packet.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * bind(2) and connect(2) take paths only; /proc/self/fd/N/NAME stays with the directory that dirfd
 * is, wherever that is mounted by now.
 */
static int address_of(int dirfd, const char *name, struct sockaddr_un *ret_address)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int n = snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dirfd,
			 name);

	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	*ret_address = address;
	return 0;
}

/* A new socket, owned by the caller, and the address of name below dirfd. */
static int make_socket(int dirfd, const char *name, int flags, struct sockaddr_un *ret_address)
{
	int r = address_of(dirfd, name, ret_address);
	int fd = r < 0 ? r : socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);

	return r == 0 && fd < 0 ? -errno : fd;
}

int packet_listen(int dirfd, const char *name)
{
	struct sockaddr_un address;
	auto_close int fd = make_socket(dirfd, name, SOCK_NONBLOCK, &address);

	if (fd < 0)
		return fd;
	if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
		return -errno;
	/* On a socket fchmod sets the mode that bind gives the name, so it is 0600 from birth. */
	if (fchmod(fd, 0600) < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	if (listen(fd, 8) < 0)
		return -errno;
	return take_fd(&fd);
}

int packet_accept(int listener)
{
	auto_close int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	if (peer.uid != 0)
		return -EPERM;
	return take_fd(&fd);
}

int packet_connect(int dirfd, const char *name)
{
	struct sockaddr_un address;
	auto_close int fd = make_socket(dirfd, name, 0, &address);

	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return take_fd(&fd);
}

/* Room for one descriptor, aligned as the kernel wants it. */
union passing {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

int packet_send(int fd, const char *line, int pass)
{
	struct iovec data = { (char *)(size_t)line, strlen(line) };
	union passing control = { { 0 } };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
	ssize_t n;

	if (pass >= 0) {
		struct cmsghdr *header;

		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &pass, sizeof(int));
	}
	do
		n = sendmsg(fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/*
 * The one descriptor that came with a message. The room for one is, aligned, room for two: where
 * there is not just one, none is meant for us, and none stays open here.
 */
static int passed_fd(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int passed[CMSG_SPACE(sizeof(int)) / sizeof(int)];
	size_t count, i;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
		return -EBADF;
	count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(passed, CMSG_DATA(header), count * sizeof(int));
	if (count == 1)
		return passed[0];
	for (i = 0; i < count; i++)
		fd_close(&passed[i]);
	return -EBADF;
}

int packet_receive(int fd, char *line, int *ret_passed)
{
	struct iovec data = { line, PACKET_MAX - 1 };
	union passing control;
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	auto_close int passed = -EBADF;
	ssize_t n;

	do
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	passed = passed_fd(&message);
	if (message.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	line[n] = '\0';
	*ret_passed = take_fd(&passed);
	return (int)n;
}
