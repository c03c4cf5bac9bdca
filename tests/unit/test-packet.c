/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet arrives whole, with the descriptor it carried, or as an error; never in part. */
#include "config.h"

#include "check.h"
#include "common/fd.h"
#include "common/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

static void test_round_trip(int near, int far)
{
	char line[PACKET_MAX];
	auto_close int passed = -EBADF;

	CHECK_INT(packet_send(near, "status", -EBADF), 0);
	CHECK_INT(packet_receive(far, line, &passed), 6);
	CHECK_STR(line, "status");
	CHECK(passed < 0);
}

static void test_descriptor(int near, int far)
{
	char line[PACKET_MAX];
	auto_close int sent = open("/dev/null", O_RDONLY | O_CLOEXEC);
	auto_close int passed = -EBADF;
	struct stat a, b;

	CHECK_INT(packet_send(near, "prepare 0", sent), 0);
	CHECK_INT(packet_receive(far, line, &passed), 9);
	CHECK(passed >= 0);
	CHECK_INT(fstat(sent, &a), 0);
	CHECK_INT(fstat(passed, &b), 0);
	CHECK(a.st_rdev == b.st_rdev);
	CHECK(fcntl(passed, F_GETFD) & FD_CLOEXEC);
}

/* A peer that passes more than was agreed must not fill our table of descriptors. */
static void test_two_descriptors(int near, int far)
{
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	char word[] = "two";
	struct iovec data = { word, 3 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	const int two[] = { near, far };
	int free_before = dup(near);
	auto_close int passed = -EBADF;
	char line[PACKET_MAX];
	int free_after;

	close(free_before);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(two));
	memcpy(CMSG_DATA(header), two, sizeof(two));
	CHECK_INT(sendmsg(near, &message, 0), 3);
	CHECK_INT(packet_receive(far, line, &passed), 3);
	CHECK(passed < 0);
	free_after = dup(near);
	CHECK_INT(free_after, free_before);
	close(free_after);
}

static void test_too_long(int near, int far)
{
	char big[PACKET_MAX + 10];
	char line[PACKET_MAX];
	auto_close int passed = -EBADF;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	CHECK_INT(packet_send(near, big, -EBADF), 0);
	CHECK_INT(packet_receive(far, line, &passed), -EMSGSIZE);
	CHECK_INT(packet_send(near, "next", -EBADF), 0);
	CHECK_INT(packet_receive(far, line, &passed), 4);
}

static void test_peer_gone(int *near, int far)
{
	char line[PACKET_MAX];
	auto_close int passed = -EBADF;

	fd_close(near);
	CHECK_INT(packet_receive(far, line, &passed), 0);
	CHECK_INT(packet_send(far, "late", -EBADF), -EPIPE);
}

static void test_listen(void)
{
	char path[] = "/tmp/initfs-test-packet-XXXXXX";
	auto_close int dir = -EBADF;
	auto_close int listener = -EBADF;
	auto_close int again = -EBADF;
	auto_close int client = -EBADF;
	struct stat st;

	CHECK(mkdtemp(path) != NULL);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(packet_connect(dir, "sock"), -ENOENT);
	listener = packet_listen(dir, "sock");
	CHECK(listener >= 0);
	CHECK_INT(fstatat(dir, "sock", &st, AT_SYMLINK_NOFOLLOW), 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	client = packet_connect(dir, "sock");
	CHECK(client >= 0);
	/* What an earlier process left behind does not stand in the way. */
	again = packet_listen(dir, "sock");
	CHECK(again >= 0);
	CHECK_INT(unlinkat(dir, "sock", 0), 0);
	CHECK_INT(rmdir(path), 0);
}

int main(void)
{
	int ends[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	test_round_trip(ends[0], ends[1]);
	test_descriptor(ends[0], ends[1]);
	test_two_descriptors(ends[0], ends[1]);
	test_too_long(ends[0], ends[1]);
	test_peer_gone(&ends[0], ends[1]);
	fd_close(&ends[1]);
	test_listen();
	return check_result();
}
