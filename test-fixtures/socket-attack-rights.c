/* What takes rights over the network: marks, addresses, routes, the sockets of others; and a network of one's own, where one has them. */
#include "socket-attack.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>

static void on(int level, int option)
{
	int s = tcp(), one = 1;
	MUST(setsockopt(s, level, option, &one, sizeof one));
}

ATTACK(repair)
{
	on(IPPROTO_TCP, TCP_REPAIR);
}

ATTACK(mark)
{
	on(SOL_SOCKET, SO_MARK);
}

ATTACK(mark_of_a_message)
{
	int one = 1;
	struct msghdr header = with_control(&loopback, SOL_SOCKET, SO_MARK, &one, sizeof one);
	MUST(sendmsg(udp(), &header, 0));
}

ATTACK(transparent)
{
	if (family == AF_INET)
		on(IPPROTO_IP, IP_TRANSPARENT);
	else
		on(IPPROTO_IPV6, 75 /* IPV6_TRANSPARENT */);
}

/* Sends one netlink request and awaits its acknowledgement. */
static void request(int protocol, struct nlmsghdr *header)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	char answer[4096];
	int s = (int)PREPARE(socket(AF_NETLINK, SOCK_RAW, protocol));
	header->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	PREPARE(sendto(s, header, header->nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof kernel));
	PREPARE(recv(s, answer, sizeof answer, 0));
	struct nlmsghdr *got = (struct nlmsghdr *)answer;
	struct nlmsgerr *error = NLMSG_DATA(got);
	errno = got->nlmsg_type == NLMSG_ERROR ? -error->error : 0;
	MUST(errno ? -1 : 0);
}

struct route_request {
	struct nlmsghdr header;
	union {
		struct rtmsg route;
		struct ifaddrmsg address;
	};
	char attributes[64];
};

static void attribute(struct route_request *to, int type, const void *data, size_t bytes)
{
	struct rtattr *rta = (struct rtattr *)((char *)to + NLMSG_ALIGN(to->header.nlmsg_len));
	rta->rta_type = (unsigned short)type;
	rta->rta_len = (unsigned short)RTA_LENGTH(bytes);
	memcpy(RTA_DATA(rta), data, bytes);
	to->header.nlmsg_len = (unsigned)(NLMSG_ALIGN(to->header.nlmsg_len) + RTA_ALIGN(rta->rta_len));
}

/* FORBIDDEN becomes this machine's own. */
ATTACK(add_address)
{
	struct route_request add = { .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)), .nlmsg_type = RTM_NEWADDR,
						 .nlmsg_flags = NLM_F_CREATE } };
	add.address.ifa_family = (unsigned char)family;
	add.address.ifa_prefixlen = family == AF_INET ? 32 : 128;
	add.address.ifa_index = 1;
	attribute(&add, IFA_LOCAL, family == AF_INET ? (void *)&forbidden.v4.sin_addr : (void *)&forbidden.v6.sin6_addr,
		  family == AF_INET ? 4 : 16);
	request(NETLINK_ROUTE, &add.header);
}

ATTACK(add_route)
{
	struct route_request add = { .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)), .nlmsg_type = RTM_NEWROUTE,
						 .nlmsg_flags = NLM_F_CREATE } };
	add.route = (struct rtmsg){ .rtm_family = (unsigned char)family, .rtm_dst_len = family == AF_INET ? 32 : 128,
				    .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT, .rtm_scope = RT_SCOPE_LINK,
				    .rtm_type = RTN_UNICAST };
	attribute(&add, RTA_DST, family == AF_INET ? (void *)&forbidden.v4.sin_addr : (void *)&forbidden.v6.sin6_addr,
		  family == AF_INET ? 4 : 16);
	attribute(&add, RTA_OIF, &interface, sizeof interface);
	request(NETLINK_ROUTE, &add.header);
}

ATTACK(add_rule)
{
	struct route_request add = { .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)), .nlmsg_type = RTM_NEWRULE,
						 .nlmsg_flags = NLM_F_CREATE } };
	add.route = (struct rtmsg){ .rtm_family = (unsigned char)family, .rtm_table = 77, .rtm_type = RTN_UNICAST };
	request(NETLINK_ROUTE, &add.header);
}

/* Of this very process's: what SOCK_DESTROY may do to it, it may do to any. */
ATTACK(destroy)
{
	union name name;
	server(&name);
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 socket;
	} kill = { .header = { .nlmsg_len = sizeof kill, .nlmsg_type = SOCK_DESTROY },
		   .socket = { .sdiag_family = (unsigned char)family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = 0xffffffff,
			       .id = { .idiag_sport = name.v4.sin_port, .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } } } };
	if (family == AF_INET)
		memcpy(kill.socket.id.idiag_src, &name.v4.sin_addr, 4);
	else
		memcpy(kill.socket.id.idiag_src, &name.v6.sin6_addr, 16);
	request(NETLINK_SOCK_DIAG, &kill.header);
}

ATTACK(ioctl_route)
{
	struct rtentry route = { .rt_flags = RTF_UP | RTF_HOST, .rt_dev = (char *)interface_name };
	memcpy(&route.rt_dst, &forbidden, sizeof route.rt_dst);
	MUST(ioctl(udp(), SIOCADDRT, &route));
}

static struct ifreq own_interface(const char *name)
{
	struct ifreq of = { 0 };
	strncpy(of.ifr_name, name, IFNAMSIZ - 1);
	memcpy(&of.ifr_addr, &forbidden, sizeof of.ifr_addr);
	return of;
}

ATTACK(ioctl_address)
{
	struct ifreq of = own_interface("lo:7");
	MUST(ioctl(udp(), SIOCSIFADDR, &of));
}

ATTACK(ioctl_neighbour)
{
	struct arpreq arp = { .arp_flags = ATF_COM | ATF_PERM, .arp_ha.sa_family = ARPHRD_ETHER };
	memcpy(&arp.arp_pa, &forbidden, sizeof arp.arp_pa);
	strncpy(arp.arp_dev, interface_name, sizeof arp.arp_dev - 1);
	MUST(ioctl(udp(), SIOCSARP, &arp));
}

ATTACK(ioctl_multicast)
{
	struct ifreq of = own_interface(interface_name);
	of.ifr_hwaddr.sa_family = AF_UNSPEC;
	memcpy(of.ifr_hwaddr.sa_data, "\x33\x33\0\0\7\7", 6);
	MUST(ioctl(udp(), SIOCADDMULTI, &of));
}

ATTACK(ioctl_flags)
{
	struct ifreq of = own_interface(interface_name);
	PREPARE(ioctl(udp(), SIOCGIFFLAGS, &of));
	MUST(ioctl(udp(), SIOCSIFFLAGS, &of));
}

/* In a network of one's own everything is allowed, and leads nowhere. */
ATTACK(own_network)
{
	MUST(unshare(CLONE_NEWUSER | CLONE_NEWNET));
	struct ifreq of = own_interface("lo");
	of.ifr_flags = IFF_UP;
	PREPARE(ioctl(udp(), SIOCSIFFLAGS, &of));
	interface = 1;
	add_route();
}

ATTACK(send_from_own_network)
{
	MUST(unshare(CLONE_NEWUSER | CLONE_NEWNET));
	struct ifreq of = own_interface("lo");
	of.ifr_flags = IFF_UP;
	PREPARE(ioctl(udp(), SIOCSIFFLAGS, &of));
	send_to(udp(), &forbidden);
}
