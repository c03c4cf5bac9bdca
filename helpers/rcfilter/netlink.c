/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is there a network. */
#include "config.h"

#include "rcfilter/netlink.h"
#include "common/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel's own macros (NLMSG_NEXT, IFA_RTA…) cast their way through a buffer; we align it. */
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wcast-align"

/* More interfaces than that are the machine of somebody whose first sixty-four are not all dead. */
#define LINKS_MAX 64
#define ANSWER_MAX 32768

struct link {
	int index;
	bool is_up;
	bool has_carrier;
	bool has_address;
	bool has_route; /* a default route leads through it */
};

struct links {
	size_t count;
	struct link list[LINKS_MAX];
};

static int open_route(unsigned int groups, int flags)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
	auto_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return take_fd(&fd);
}

int netlink_watch(bool with_routes)
{
	unsigned int groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;

	if (with_routes)
		groups |= RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
	return open_route(groups, SOCK_NONBLOCK);
}

void netlink_drain(int watch)
{
	char news[4096];
	ssize_t n;

	/* Lost news (ENOBUFS) are news as well: in any case everything is asked again. */
	do
		n = recv(watch, news, sizeof(news), MSG_DONTWAIT);
	while (n > 0 || (n < 0 && (errno == ENOBUFS || errno == EINTR)));
}

static void take_link(const struct nlmsghdr *header, struct links *links)
{
	const struct ifinfomsg *info = NLMSG_DATA(header);

	if ((info->ifi_flags & IFF_LOOPBACK) || links->count == LINKS_MAX)
		return;
	links->list[links->count++] = (struct link){
		.index = info->ifi_index,
		.is_up = info->ifi_flags & IFF_UP,
		.has_carrier = (info->ifi_flags & IFF_UP) && (info->ifi_flags & IFF_LOWER_UP),
	};
}

/* 169.254/16 is link-local although many give it the scope of the world. */
static bool is_link_local(const struct nlmsghdr *header, const struct ifaddrmsg *info)
{
	static const unsigned char zeroconf[] = { 169, 254 };
	const struct rtattr *attribute = IFA_RTA(info);
	int left = (int)IFA_PAYLOAD(header);

	if (info->ifa_family != AF_INET)
		return false;
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == IFA_LOCAL && RTA_PAYLOAD(attribute) >= 4)
			return memcmp(RTA_DATA(attribute), zeroconf, sizeof(zeroconf)) == 0;
	return false;
}

static void take_address(const struct nlmsghdr *header, struct links *links)
{
	const struct ifaddrmsg *info = NLMSG_DATA(header);
	size_t i;

	/* A tentative IPv6 address cannot be used before duplicates were looked for. */
	if (info->ifa_scope >= RT_SCOPE_LINK || (info->ifa_flags & IFA_F_TENTATIVE) ||
	    is_link_local(header, info))
		return;
	for (i = 0; i < links->count; i++)
		if (links->list[i].index == (int)info->ifa_index)
			links->list[i].has_address = true;
}

/* A default route of several ways names no interface of its own: it counts for each. */
static void take_route(const struct nlmsghdr *header, struct links *links)
{
	const struct rtmsg *info = NLMSG_DATA(header);
	const struct rtattr *attribute = RTM_RTA(info);
	int left = (int)RTM_PAYLOAD(header);
	int index = 0;
	size_t i;

	if (info->rtm_dst_len || info->rtm_type != RTN_UNICAST || info->rtm_table != RT_TABLE_MAIN)
		return;
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == RTA_OIF && RTA_PAYLOAD(attribute) >= sizeof(index))
			memcpy(&index, RTA_DATA(attribute), sizeof(index));
	for (i = 0; i < links->count; i++)
		links->list[i].has_route |= !index || links->list[i].index == index;
}

/* One answer may come in several packets; returns 1 while there is more, 0 at the end, or -errno. */
static int take_packet(int fd, struct links *links)
{
	static _Alignas(
		struct nlmsghdr) char answer[ANSWER_MAX]; /* locked memory: not on the stack */
	const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
	ssize_t n;
	size_t left;

	do
		n = recv(fd, answer, sizeof(answer), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	left = (size_t)n;
	for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
		if (header->nlmsg_type == NLMSG_DONE)
			return 0;
		if (header->nlmsg_type == NLMSG_ERROR)
			return -EIO;
		if (header->nlmsg_type == RTM_NEWLINK)
			take_link(header, links);
		if (header->nlmsg_type == RTM_NEWADDR)
			take_address(header, links);
		if (header->nlmsg_type == RTM_NEWROUTE)
			take_route(header, links);
	}
	return 1;
}

static int dump(int fd, uint16_t type, struct links *links)
{
	struct {
		struct nlmsghdr header;
		struct rtgenmsg family;
	} request = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)),
			    .nlmsg_type = type,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.family = { .rtgen_family = AF_UNSPEC },
	};
	int r;

	if (send(fd, &request, request.header.nlmsg_len, 0) < 0)
		return -errno;
	do
		r = take_packet(fd, links);
	while (r > 0);
	return r;
}

int netlink_ask(bool with_routes, struct network *ret_network)
{
	auto_close int fd = open_route(0, 0);
	struct links links = { .count = 0 };
	struct network network = { .is_up = false };
	size_t i;
	int r;

	if (fd < 0)
		return fd;
	r = dump(fd, RTM_GETLINK, &links);
	if (r == 0)
		r = dump(fd, RTM_GETADDR, &links);
	if (r == 0 && with_routes)
		r = dump(fd, RTM_GETROUTE, &links);
	if (r < 0)
		return r;
	for (i = 0; i < links.count; i++) {
		const struct link *link = &links.list[i];
		bool is_whole = link->has_address && (!with_routes || link->has_route);

		network.is_up |= link->has_carrier && is_whole;
		network.is_coming |= link->has_carrier && !is_whole;
		network.is_dark |= link->is_up && !link->has_carrier;
	}
	*ret_network = network;
	return 0;
}
