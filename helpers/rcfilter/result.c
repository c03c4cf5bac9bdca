/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a script ended. */
#include "config.h"

#include "rcfilter/result.h"
#include "common/fd.h"
#include "common/proc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

int result_code(int status)
{
	if (WIFSIGNALED(status))
		return -WTERMSIG(status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

/* Field 52 of stat; the name in the second may hold blanks and brackets. */
static int exit_code_field(const char *stat, int *ret_status)
{
	const char *text = strrchr(stat, ')');
	int field = 2;
	int status;

	for (; text && field < 52; field++)
		text = strchr(text + 1, ' ');
	if (!text || sscanf(text, " %d", &status) != 1)
		return -EAGAIN;
	*ret_status = status;
	return 0;
}

int result_of_exiting(int proc, pid_t pid, int *ret_code)
{
	char text[4096];
	int status;
	int r;

	/* Who has memory left is not exiting. Asking "status" for that takes ten times as long. */
	if (proc_read(proc, pid, "statm", text, sizeof(text)) <= 0 || strncmp(text, "0 ", 2) != 0)
		return -EAGAIN;
	if (proc_read(proc, pid, "stat", text, sizeof(text)) <= 0)
		return -EAGAIN;
	r = exit_code_field(text, &status);
	if (r < 0)
		return r;
	*ret_code = result_code(status);
	return 0;
}

/* --- pidfd ----------------------------------------------------------------------------------- */

/* linux/pidfd.h of 6.15; its first 64 bytes are what every kernel with the call understands. */
struct gone {
	uint64_t mask;
	uint64_t cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};
#define GET_INFO _IOWR(0xff, 11, struct gone)
#define GET_INFO_EXIT (1U << 3)

int result_of_gone(int pidfd, int *ret_code)
{
	struct gone gone = { .mask = GET_INFO_EXIT };

	if (pidfd < 0)
		return -EBADF;
	if (ioctl(pidfd, GET_INFO, &gone) < 0)
		return -errno;
	if (!(gone.mask & GET_INFO_EXIT))
		return -ESRCH;
	*ret_code = result_code(gone.exit_code);
	return 0;
}

/* --- the proc connector ---------------------------------------------------------------------- */

#define EVENT_OFFSET (NLMSG_HDRLEN + offsetof(struct cn_msg, data))

/* A boot forks thousands of times; only exits are let through to us. BPF loads big-endian. */
static int let_only_exits_through(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 EVENT_OFFSET + offsetof(struct proc_event, what)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_EXIT), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
											   : 0;
}

static int listen_to_events(int fd)
{
	enum proc_cn_mcast_op op = PROC_CN_MCAST_LISTEN;
	_Alignas(struct nlmsghdr) char packet[NLMSG_SPACE(sizeof(struct cn_msg) + sizeof(op))] = {
		0
	};
	struct nlmsghdr *header = (struct nlmsghdr *)packet;
	struct cn_msg message = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = sizeof(op) };

	header->nlmsg_len = NLMSG_LENGTH(sizeof(message) + sizeof(op));
	header->nlmsg_type = NLMSG_DONE;
	memcpy(NLMSG_DATA(header), &message, sizeof(message));
	memcpy((char *)NLMSG_DATA(header) + sizeof(message), &op, sizeof(op));
	return send(fd, packet, header->nlmsg_len, 0) < 0 ? -errno : 0;
}

int result_watch(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC };
	auto_close int fd =
		socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
	int r;

	if (fd < 0)
		return -errno;
	r = let_only_exits_through(fd);
	if (r < 0)
		return r;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	r = listen_to_events(fd);
	return r < 0 ? r : take_fd(&fd);
}

int result_next(int watch, pid_t *ret_pid, int *ret_code)
{
	char packet[512];
	struct proc_event event;
	ssize_t n;

	do
		n = recv(watch, packet, sizeof(packet), MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if ((size_t)n < EVENT_OFFSET + sizeof(event))
		return -EBADMSG;
	memcpy(&event, packet + EVENT_OFFSET, sizeof(event));
	/* A thread that ends is no process that ends. */
	if (event.what != PROC_EVENT_EXIT ||
	    event.event_data.exit.process_pid != event.event_data.exit.process_tgid)
		return result_next(watch, ret_pid, ret_code);
	*ret_pid = event.event_data.exit.process_pid;
	*ret_code = result_code((int)event.event_data.exit.exit_code);
	return 1;
}
