/* Source routes: a packet to loopback that goes by FORBIDDEN. */
#include "socket-attack.h"

static const unsigned char *loose_route(void)
{
	static unsigned char route[8] = { 131, 7, 4, 0, 0, 0, 0, 0 };
	memcpy(route + 3, &forbidden.v4.sin_addr, 4);
	return route;
}

ATTACK(loose_source_route)
{
	int s = udp();
	MUST(setsockopt(s, IPPROTO_IP, IP_OPTIONS, loose_route(), 8));
	send_to_loopback(s);
}

ATTACK(loose_source_route_of_a_connection)
{
	int s = tcp();
	MUST(setsockopt(s, IPPROTO_IP, IP_OPTIONS, loose_route(), 8));
	start(s, &loopback);
}

ATTACK(loose_source_route_of_a_message)
{
	struct msghdr header = with_control(&loopback, IPPROTO_IP, IP_RETOPTS, loose_route(), 8);
	MUST(sendmsg(udp(), &header, 0));
}

/* A segment routing header: next the forbidden address, then the named one. */
static const unsigned char *segments(void)
{
	static unsigned char header[40] = { 0, 4, 4, 1, 1 };
	memcpy(header + 8, &loopback.v6.sin6_addr, 16);
	memcpy(header + 24, &forbidden.v6.sin6_addr, 16);
	return header;
}

ATTACK(routing_header)
{
	int s = udp();
	MUST(setsockopt(s, IPPROTO_IPV6, IPV6_RTHDR, segments(), 40));
	send_to_loopback(s);
}

ATTACK(routing_header_of_a_message)
{
	struct msghdr header = with_control(&loopback, IPPROTO_IPV6, IPV6_RTHDR, segments(), 40);
	MUST(sendmsg(udp(), &header, 0));
}

ATTACK(routing_header_of_packet_options)
{
	struct msghdr header = with_control(NULL, IPPROTO_IPV6, IPV6_RTHDR, segments(), 40);
	int s = udp();
	MUST(setsockopt(s, IPPROTO_IPV6, 6 /* IPV6_2292PKTOPTIONS */, header.msg_control, (socklen_t)header.msg_controllen));
	send_to_loopback(s);
}
