/* Multicast: to join a group sends its address out. */
#include "socket-attack.h"

enum { MULTICAST_JOIN_MILLIS = 200 };

ATTACK(join)
{
	struct ip_mreqn v4 = { .imr_ifindex = interface };
	struct ipv6_mreq v6 = { .ipv6mr_interface = (unsigned)interface };
	inet_pton(AF_INET, "239.7.7.7", &v4.imr_multiaddr);
	inet_pton(AF_INET6, "ff08::7777", &v6.ipv6mr_multiaddr);
	int s = udp();
	MUST(family == AF_INET ? setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &v4, sizeof v4)
			       : setsockopt(s, IPPROTO_IPV6, IPV6_JOIN_GROUP, &v6, sizeof v6));
	usleep(MULTICAST_JOIN_MILLIS * 1000);
}

ATTACK(join_by_the_common_option)
{
	struct group_req group = { .gr_interface = (unsigned)interface };
	union name *name = (union name *)&group.gr_group;
	name->any.sa_family = (sa_family_t)family;
	if (family == AF_INET)
		inet_pton(AF_INET, "239.7.7.7", &name->v4.sin_addr);
	else
		inet_pton(AF_INET6, "ff08::7777", &name->v6.sin6_addr);
	MUST(setsockopt(udp(), family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6, MCAST_JOIN_GROUP, &group, sizeof group));
	usleep(MULTICAST_JOIN_MILLIS * 1000);
}

ATTACK(join_source)
{
	struct group_source_req group = { .gsr_interface = (unsigned)interface };
	union name *name = (union name *)&group.gsr_group, *source = (union name *)&group.gsr_source;
	*source = forbidden;
	name->any.sa_family = (sa_family_t)family;
	if (family == AF_INET)
		inet_pton(AF_INET, "232.7.7.7", &name->v4.sin_addr);
	else
		inet_pton(AF_INET6, "ff38::7777", &name->v6.sin6_addr);
	MUST(setsockopt(udp(), family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6, MCAST_JOIN_SOURCE_GROUP, &group, sizeof group));
	usleep(MULTICAST_JOIN_MILLIS * 1000);
}
