/* Other kinds of sockets than TCP and UDP ones, and other protocols above TCP. */
#include "socket-attack.h"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/tcp.h>
#include <sys/syscall.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

ATTACK(mptcp)
{
	start((int)MUST(socket(family, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_MPTCP)), &forbidden);
}

ATTACK(udp_lite)
{
	send_to((int)MUST(socket(family, SOCK_DGRAM, IPPROTO_UDPLITE)), &forbidden);
}

static const unsigned char *echo_request(void)
{
	static unsigned char echo[8];
	echo[0] = family == AF_INET ? 8 : 128;
	return echo;
}

ATTACK(ping)
{
	int s = (int)MUST(socket(family, SOCK_DGRAM, family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6));
	MUST(sendto(s, echo_request(), 8, 0, &forbidden.any, length));
}

ATTACK(raw)
{
	int s = (int)MUST(socket(family, SOCK_RAW, family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6));
	forbidden.v4.sin_port = 0;
	MUST(sendto(s, echo_request(), 8, 0, &forbidden.any, length));
}

/* The kernel looks at the lower halves of these words alone, and at flags in them. */
ATTACK(raw_by_odd_words)
{
	long garbage = 0x5ca1ab1el << 32;
	int s = (int)MUST(syscall(SYS_socket, family | garbage, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK | garbage,
				  (family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6) | garbage));
	forbidden.v4.sin_port = 0;
	MUST(sendto(s, echo_request(), 8, 0, &forbidden.any, length));
}

/* An IP packet by hand, of protocol 253 (RFC 3692), to whoever is on the other end of the interface. */
static void packet_by(int s)
{
	unsigned char packet[48] = { 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 253 };
	if (family == AF_INET6) {
		memset(packet, 0, sizeof packet);
		packet[0] = 0x60;
		packet[5] = 8;
		packet[6] = 253;
		packet[7] = 64;
		memcpy(packet + 24, &forbidden.v6.sin6_addr, 16);
	} else {
		memcpy(packet + 16, &forbidden.v4.sin_addr, 4);
	}
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(family == AF_INET ? ETH_P_IP : ETH_P_IPV6),
				  .sll_ifindex = interface, .sll_halen = 6 };
	struct ifreq of = { 0 };
	strncpy(of.ifr_name, interface_name, IFNAMSIZ - 1);
	memset(to.sll_addr, 0xff, 6);
	MUST(sendto(s, packet, sizeof packet, 0, (struct sockaddr *)&to, sizeof to));
}

ATTACK(packet)
{
	packet_by((int)MUST(socket(AF_PACKET, SOCK_DGRAM, 0)));
}

/* AF_PACKET under its old name; it cannot be bound to a protocol here, but it is one. */
ATTACK(old_packet)
{
	MUST(socket(AF_INET, SOCK_PACKET, 0));
}

ATTACK(sctp)
{
	start((int)MUST(socket(family, SOCK_SEQPACKET | SOCK_NONBLOCK, IPPROTO_SCTP)), &forbidden);
}

ATTACK(sctp_connectx)
{
	int s = (int)MUST(socket(family, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_SCTP));
	started(setsockopt(s, IPPROTO_SCTP, 110 /* SCTP_SOCKOPT_CONNECTX */, &forbidden, length));
}

ATTACK(dccp)
{
	MUST(socket(family, SOCK_DCCP, 33));
}

ATTACK(smc)
{
	MUST(socket(family, SOCK_STREAM, 256));
}

/* Only the kernel's own MPTCP may have this one; a kernel without "smc" or "tls" knows no such name. */
ATTACK(upper_protocol)
{
	MUST(setsockopt(tcp(), IPPROTO_TCP, TCP_ULP, "mptcp", 6));
}

ATTACK(upper_protocol_smc)
{
	MUST(setsockopt(tcp(), IPPROTO_TCP, TCP_ULP, "smc", 4));
}

ATTACK(l2tp)
{
	MUST(socket(family, SOCK_DGRAM, 115));
}

/* Tells of the first family that can be had, besides unix, inet, inet6 and netlink. */
ATTACK(other_families)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET };
	int pair[2];
	for (int other = 0; other < 64; other++)
		for (int i = 0; i < 5; i++) {
			if (other == AF_UNIX || other == AF_INET || other == AF_INET6 || other == AF_NETLINK)
				continue;
			if (socket(other, types[i], 0) >= 0 || errno != EPERM || socketpair(other, types[i], 0, pair) == 0 || errno != EPERM)
				ended("other-than-EPERM", 0);
		}
}
