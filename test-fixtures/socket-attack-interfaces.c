/* Another interface for 127.0.0.1 and ::1, by which they lead out. */
#include "socket-attack.h"

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif

ATTACK(bind_to_device)
{
	int s = udp();
	MUST(setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, interface_name, (socklen_t)strlen(interface_name)));
	send_to_loopback(s);
}

ATTACK(bind_to_ifindex)
{
	int s = udp();
	MUST(setsockopt(s, SOL_SOCKET, SO_BINDTOIFINDEX, &interface, sizeof interface));
	send_to_loopback(s);
}

ATTACK(unicast_interface)
{
	int s = udp(), index = (int)htonl((uint32_t)interface);
	MUST(family == AF_INET ? setsockopt(s, IPPROTO_IP, IP_UNICAST_IF, &index, sizeof index)
			       : setsockopt(s, IPPROTO_IPV6, IPV6_UNICAST_IF, &index, sizeof index));
	send_to_loopback(s);
}

ATTACK(packet_info)
{
	struct in_pktinfo v4 = { .ipi_ifindex = interface };
	struct in6_pktinfo v6 = { .ipi6_ifindex = (unsigned)interface };
	struct msghdr header = family == AF_INET ? with_control(&loopback, IPPROTO_IP, IP_PKTINFO, &v4, sizeof v4)
						 : with_control(&loopback, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof v6);
	MUST(sendmsg(udp(), &header, 0));
}

ATTACK(sticky_packet_info)
{
	int s = udp();
	struct in6_pktinfo v6 = { .ipi6_ifindex = (unsigned)interface };
	MUST(setsockopt(s, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof v6));
	send_to_loopback(s);
}

/* The kernel binds the socket to a scope's interface, be the address one of this machine or not. */
static int bound_by_scope(int type, const char *address)
{
	int s = (int)PREPARE(socket(AF_INET6, type | SOCK_NONBLOCK, 0));
	struct sockaddr_in6 name = { .sin6_family = AF_INET6, .sin6_scope_id = (unsigned)interface };
	inet_pton(AF_INET6, address, &name.sin6_addr);
	if (bind(s, (struct sockaddr *)&name, sizeof name) && errno != EADDRNOTAVAIL)
		MUST(-1);
	return s;
}

ATTACK(scoped_bind)
{
	send_to_loopback(bound_by_scope(SOCK_DGRAM, "fe80::bad"));
}

ATTACK(scoped_multicast_bind)
{
	send_to_loopback(bound_by_scope(SOCK_DGRAM, "ff02::1"));
}

ATTACK(scoped_bind_then_connect)
{
	union name to = loopback;
	int s = bound_by_scope(SOCK_STREAM, "fe80::bad");
	if (family == AF_INET) {
		to = mapped(&loopback);
		length = sizeof to.v6;
	}
	start(s, &to);
}
