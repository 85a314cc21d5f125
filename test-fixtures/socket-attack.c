/*
 * Tries to get past rules on addresses by everything that sockets can be told: socket-attack 4|6 OWN ALLOWED FORBIDDEN INTERFACE ATTACK...
 *
 * What may be reached is taken to be loopback, this machine's address OWN, and ALLOWED, which is on the other end of INTERFACE as
 * FORBIDDEN is. Loopback and OWN may be bound to. The nth ATTACK sends to port 9000 + n - 1, so that the receiver can tell them apart.
 * stdout: a line "ATTACK OUTCOME" each; the outcome is "ok" if all calls succeeded, or the name of the errno of the one that did not
 * and the line of this program that made it. Each is tried in a process of its own. Exit 0.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif
#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif
enum { MULTICAST_JOIN_MILLIS = 200 };

union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage storage;
};

static int family, port, interface;
static const char *interface_name;
static union name own, allowed, forbidden, loopback, unspecified;
static socklen_t length;

static void ended(const char *outcome, int line)
{
	if (line)
		printf("%s:%d\n", outcome, line);
	else
		printf("%s\n", outcome);
	fflush(stdout);
	_exit(0);
}

static long must(long result, int line)
{
	if (result < 0)
		ended(strerrorname_np(errno), line);
	return result;
}
/* The call that an attack stands and falls with. */
#define MUST(call) must((call), 0)
/* One that prepares it; where this fails is told. */
#define PREPARE(call) must((call), __LINE__)

static union name name_of(const char *text)
{
	union name name = { .any.sa_family = (sa_family_t)family };
	name.v4.sin_port = htons((uint16_t)port);
	if (inet_pton(family, text, family == AF_INET ? (void *)&name.v4.sin_addr : (void *)&name.v6.sin6_addr) != 1)
		ended("no-address", __LINE__);
	return name;
}

static int tcp(void)
{
	return (int)PREPARE(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0));
}

static int udp(void)
{
	return (int)PREPARE(socket(family, SOCK_DGRAM, 0));
}

/* Under way is as good as done. */
static void started(long result)
{
	if (result < 0 && errno != EINPROGRESS)
		MUST(-1);
}

static void start(int s, const union name *to)
{
	started(connect(s, &to->any, length));
}

static void send_to(int s, const union name *to)
{
	MUST(sendto(s, "attack", 6, 0, &to->any, length));
}

static struct iovec part = { "attack", 6 };

static struct msghdr message(union name *to)
{
	return (struct msghdr){ .msg_name = to, .msg_namelen = to ? length : 0, .msg_iov = &part, .msg_iovlen = 1 };
}

/* A message with one control message; the memory is static. */
static struct msghdr with_control(union name *to, int level, int type, const void *data, size_t bytes)
{
	static union {
		struct cmsghdr header;
		char bytes[512];
	} control;
	struct msghdr header = message(to);
	memset(&control, 0, sizeof control);
	header.msg_control = &control;
	header.msg_controllen = CMSG_SPACE(bytes);
	control.header.cmsg_level = level;
	control.header.cmsg_type = type;
	control.header.cmsg_len = CMSG_LEN(bytes);
	memcpy(CMSG_DATA(&control.header), data, bytes);
	return header;
}

/* sendmmsg until all are gone, as callers do. */
static void send_all(int s, struct mmsghdr *messages, int count, int flags)
{
	for (int sent = 0; sent < count;)
		sent += (int)MUST(sendmmsg(s, messages + sent, (unsigned)(count - sent), flags));
}

/* A server at this machine's own address, at a port the kernel chooses, and its name. */
static int server(union name *name)
{
	int s = (int)PREPARE(socket(family, SOCK_STREAM, 0));
	socklen_t size = sizeof *name;
	*name = own;
	name->v4.sin_port = 0;
	PREPARE(bind(s, &name->any, length));
	PREPARE(listen(s, 8));
	PREPARE(getsockname(s, &name->any, &size));
	return s;
}

/* --- addresses in other clothes --- */

static void fastopen_sendto(void)
{
	started(sendto(tcp(), "attack", 6, MSG_FASTOPEN, &forbidden.any, length));
}

static void fastopen_sendmsg(void)
{
	struct msghdr header = message(&forbidden);
	started(sendmsg(tcp(), &header, MSG_FASTOPEN));
}

static void fastopen_sendmmsg(void)
{
	struct mmsghdr header = { .msg_hdr = message(&forbidden) };
	started(sendmmsg(tcp(), &header, 1, MSG_FASTOPEN));
}

static void fastopen_connect(void)
{
	int s = tcp(), on = 1;
	PREPARE(setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on));
	start(s, &forbidden);
	if (write(s, "attack", 6) < 0 && errno != ECONNREFUSED) /* nobody listens there */
		started(-1);
}

static void second_message(void)
{
	struct mmsghdr messages[2] = { { .msg_hdr = message(NULL) }, { .msg_hdr = message(&forbidden) } };
	int s = udp();
	PREPARE(connect(s, &allowed.any, length));
	send_all(s, messages, 2, 0);
}

static void second_message_after_an_allowed_one(void)
{
	struct mmsghdr messages[3] = { { .msg_hdr = message(&allowed) }, { .msg_hdr = message(&allowed) },
				       { .msg_hdr = message(&forbidden) } };
	send_all(udp(), messages, 3, 0);
}

/*
 * The kernel tells the first message's length where the second's address is: 0x0102 bytes were sent, so it is the address x.y.2.1 then. The
 * name lies on the upper half of msg_flags, which nobody reads, on padding, and on the lower half of msg_len.
 */
static void second_name_under_the_first_length(void)
{
	static char payload[0x0102];
	struct iovec long_part = { payload, sizeof payload };
	struct mmsghdr messages[2] = { { .msg_hdr = message(&allowed) }, { .msg_hdr = message(NULL) } };
	messages[0].msg_hdr.msg_iov = &long_part;
	char *name = (char *)&messages[0] + offsetof(struct mmsghdr, msg_len) - offsetof(struct sockaddr_in, sin_addr) - 2;
	memcpy(name, &allowed.v4, offsetof(struct sockaddr_in, sin_addr) + 4);
	messages[1].msg_hdr.msg_name = name;
	messages[1].msg_hdr.msg_namelen = length;
	send_all(udp(), messages, 2, 0);
}

static void reconnect_udp(void)
{
	int s = udp();
	PREPARE(connect(s, &allowed.any, length));
	MUST(connect(s, &forbidden.any, length));
	MUST(send(s, "attack", 6, 0));
}

static void name_on_connected_udp(void)
{
	int s = udp();
	PREPARE(connect(s, &allowed.any, length));
	send_to(s, &forbidden);
}

static void unspec_sendto(void)
{
	forbidden.any.sa_family = AF_UNSPEC;
	send_to(udp(), &forbidden);
}

static void unspec_sendmsg(void)
{
	forbidden.any.sa_family = AF_UNSPEC;
	struct msghdr header = message(&forbidden);
	MUST(sendmsg(udp(), &header, 0));
}

static void unspec_sendmmsg(void)
{
	forbidden.any.sa_family = AF_UNSPEC;
	struct mmsghdr header = { .msg_hdr = message(&forbidden) };
	send_all(udp(), &header, 1, 0);
}

static void unspec_then_connect(void)
{
	union name name;
	int s = tcp();
	server(&name);
	start(s, &name);
	PREPARE(connect(s, &unspecified.any, sizeof(struct sockaddr)));
	start(s, &forbidden);
}

static void accepted_then_connect(void)
{
	union name name;
	int listener = server(&name), s = (int)PREPARE(socket(family, SOCK_STREAM, 0));
	PREPARE(connect(s, &name.any, length));
	int accepted = (int)PREPARE(accept4(listener, NULL, NULL, SOCK_NONBLOCK));
	PREPARE(connect(accepted, &unspecified.any, sizeof(struct sockaddr)));
	start(accepted, &forbidden);
}

static union name mapped(const union name *v4)
{
	union name name = { .v6 = { .sin6_family = AF_INET6, .sin6_port = v4->v4.sin_port } };
	name.v6.sin6_addr.s6_addr[10] = name.v6.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&name.v6.sin6_addr.s6_addr[12], &v4->v4.sin_addr, 4);
	return name;
}

static void mapped_connect(void)
{
	union name to = mapped(&forbidden);
	family = AF_INET6;
	length = sizeof(struct sockaddr_in6);
	start(tcp(), &to);
}

static void mapped_sendto(void)
{
	union name to = mapped(&forbidden);
	family = AF_INET6;
	length = sizeof(struct sockaddr_in6);
	send_to(udp(), &to);
}

static void inet_name_on_inet6(void)
{
	family = AF_INET6;
	send_to(udp(), &forbidden);
}

static void inet_connect_on_inet6(void)
{
	family = AF_INET6;
	int s = udp();
	MUST(connect(s, &forbidden.any, length));
	MUST(send(s, "attack", 6, 0));
}

/* Without a scope, as RFC 2133 had it. */
static void name_of_24_bytes(void)
{
	MUST(sendto(udp(), "attack", 6, 0, &forbidden.any, 24));
}

static void name_of_128_bytes(void)
{
	MUST(sendto(udp(), "attack", 6, 0, &forbidden.any, 128));
}

static void message_name_of_200_bytes(void)
{
	struct {
		union name name;
		char more[200];
	} longer = { .name = forbidden };
	struct msghdr header = message(&longer.name);
	header.msg_namelen = 200;
	MUST(sendmsg(udp(), &header, 0));
}

static void zerocopy(void)
{
	int s = udp(), on = 1;
	struct msghdr header = message(&forbidden);
	PREPARE(setsockopt(s, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof on));
	MUST(sendmsg(s, &header, MSG_ZEROCOPY));
}

static void segmented(void)
{
	uint16_t segment = 3;
	struct msghdr header = with_control(&forbidden, IPPROTO_UDP, 103 /* UDP_SEGMENT */, &segment, sizeof segment);
	MUST(sendmsg(udp(), &header, 0));
}

static void corked(void)
{
	int s = udp(), on = 1, off = 0;
	PREPARE(setsockopt(s, IPPROTO_UDP, 1 /* UDP_CORK */, &on, sizeof on));
	send_to(s, &forbidden);
	MUST(setsockopt(s, IPPROTO_UDP, 1, &off, sizeof off));
}

/* --- another interface for 127.0.0.1 and ::1 --- */

static void send_to_loopback(int s)
{
	send_to(s, &loopback);
}

static void bind_to_device(void)
{
	int s = udp();
	MUST(setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, interface_name, (socklen_t)strlen(interface_name)));
	send_to_loopback(s);
}

static void bind_to_ifindex(void)
{
	int s = udp();
	MUST(setsockopt(s, SOL_SOCKET, SO_BINDTOIFINDEX, &interface, sizeof interface));
	send_to_loopback(s);
}

static void unicast_interface(void)
{
	int s = udp(), index = (int)htonl((uint32_t)interface);
	MUST(family == AF_INET ? setsockopt(s, IPPROTO_IP, IP_UNICAST_IF, &index, sizeof index)
			       : setsockopt(s, IPPROTO_IPV6, IPV6_UNICAST_IF, &index, sizeof index));
	send_to_loopback(s);
}

static void packet_info(void)
{
	struct in_pktinfo v4 = { .ipi_ifindex = interface };
	struct in6_pktinfo v6 = { .ipi6_ifindex = (unsigned)interface };
	struct msghdr header = family == AF_INET ? with_control(&loopback, IPPROTO_IP, IP_PKTINFO, &v4, sizeof v4)
						 : with_control(&loopback, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof v6);
	MUST(sendmsg(udp(), &header, 0));
}

static void sticky_packet_info(void)
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

static void scoped_bind(void)
{
	send_to_loopback(bound_by_scope(SOCK_DGRAM, "fe80::bad"));
}

static void scoped_multicast_bind(void)
{
	send_to_loopback(bound_by_scope(SOCK_DGRAM, "ff02::1"));
}

static void scoped_bind_then_connect(void)
{
	union name to = loopback;
	int s = bound_by_scope(SOCK_STREAM, "fe80::bad");
	if (family == AF_INET) {
		to = mapped(&loopback);
		length = sizeof to.v6;
	}
	start(s, &to);
}

/* --- source routes --- */

static const unsigned char *loose_route(void)
{
	static unsigned char route[8] = { 131, 7, 4, 0, 0, 0, 0, 0 };
	memcpy(route + 3, &forbidden.v4.sin_addr, 4);
	return route;
}

static void loose_source_route(void)
{
	int s = udp();
	MUST(setsockopt(s, IPPROTO_IP, IP_OPTIONS, loose_route(), 8));
	send_to_loopback(s);
}

static void loose_source_route_of_a_connection(void)
{
	int s = tcp();
	MUST(setsockopt(s, IPPROTO_IP, IP_OPTIONS, loose_route(), 8));
	start(s, &loopback);
}

static void loose_source_route_of_a_message(void)
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

static void routing_header(void)
{
	int s = udp();
	MUST(setsockopt(s, IPPROTO_IPV6, IPV6_RTHDR, segments(), 40));
	send_to_loopback(s);
}

static void routing_header_of_a_message(void)
{
	struct msghdr header = with_control(&loopback, IPPROTO_IPV6, IPV6_RTHDR, segments(), 40);
	MUST(sendmsg(udp(), &header, 0));
}

static void routing_header_of_packet_options(void)
{
	struct msghdr header = with_control(NULL, IPPROTO_IPV6, IPV6_RTHDR, segments(), 40);
	int s = udp();
	MUST(setsockopt(s, IPPROTO_IPV6, 6 /* IPV6_2292PKTOPTIONS */, header.msg_control, (socklen_t)header.msg_controllen));
	send_to_loopback(s);
}

/* --- multicast: to join a group sends its address out --- */

static void join(void)
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

static void join_by_the_common_option(void)
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

static void join_source(void)
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

/* --- other kinds of sockets --- */

static void mptcp(void)
{
	start((int)MUST(socket(family, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_MPTCP)), &forbidden);
}

static void udp_lite(void)
{
	send_to((int)MUST(socket(family, SOCK_DGRAM, IPPROTO_UDPLITE)), &forbidden);
}

static const unsigned char *echo_request(void)
{
	static unsigned char echo[8];
	echo[0] = family == AF_INET ? 8 : 128;
	return echo;
}

static void ping(void)
{
	int s = (int)MUST(socket(family, SOCK_DGRAM, family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6));
	MUST(sendto(s, echo_request(), 8, 0, &forbidden.any, length));
}

static void raw(void)
{
	int s = (int)MUST(socket(family, SOCK_RAW, family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6));
	forbidden.v4.sin_port = 0;
	MUST(sendto(s, echo_request(), 8, 0, &forbidden.any, length));
}

/* The kernel looks at the lower halves of these words alone, and at flags in them. */
static void raw_by_odd_words(void)
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

static void packet(void)
{
	packet_by((int)MUST(socket(AF_PACKET, SOCK_DGRAM, 0)));
}

/* AF_PACKET under its old name; it cannot be bound to a protocol here, but it is one. */
static void old_packet(void)
{
	MUST(socket(AF_INET, SOCK_PACKET, 0));
}

static void sctp(void)
{
	start((int)MUST(socket(family, SOCK_SEQPACKET | SOCK_NONBLOCK, IPPROTO_SCTP)), &forbidden);
}

static void sctp_connectx(void)
{
	int s = (int)MUST(socket(family, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_SCTP));
	started(setsockopt(s, IPPROTO_SCTP, 110 /* SCTP_SOCKOPT_CONNECTX */, &forbidden, length));
}

static void dccp(void)
{
	MUST(socket(family, SOCK_DCCP, 33));
}

static void smc(void)
{
	MUST(socket(family, SOCK_STREAM, 256));
}

/* Only the kernel's own MPTCP may have this one; a kernel without "smc" or "tls" knows no such name. */
static void upper_protocol(void)
{
	MUST(setsockopt(tcp(), IPPROTO_TCP, TCP_ULP, "mptcp", 6));
}

static void upper_protocol_smc(void)
{
	MUST(setsockopt(tcp(), IPPROTO_TCP, TCP_ULP, "smc", 4));
}

static void l2tp(void)
{
	MUST(socket(family, SOCK_DGRAM, 115));
}

/* Tells of the first family that can be had, besides unix, inet, inet6 and netlink. */
static void other_families(void)
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

/* --- listening where it is not allowed: the outcome of one that works is the address --- */

static void listening(int s)
{
	union name name;
	char text[INET6_ADDRSTRLEN];
	socklen_t size = sizeof name;
	PREPARE(getsockname(s, &name.any, &size));
	ended(inet_ntop(name.any.sa_family, name.any.sa_family == AF_INET ? (void *)&name.v4.sin_addr : (void *)&name.v6.sin6_addr, text,
			sizeof text), 0);
}

static void listen_without_bind(void)
{
	int s = tcp();
	MUST(listen(s, 8));
	listening(s);
}

/* A connection that is over leaves its port in the socket's name, though it is bound to nothing. */
static void listen_after_a_connection(void)
{
	union name name;
	int s = (int)PREPARE(socket(family, SOCK_STREAM, 0));
	server(&name);
	PREPARE(connect(s, &name.any, length));
	PREPARE(connect(s, &unspecified.any, sizeof(struct sockaddr)));
	MUST(listen(s, 8));
	listening(s);
}

static void listen_after_a_failed_connection(void)
{
	int s = (int)PREPARE(socket(family, SOCK_STREAM, 0));
	connect(s, &loopback.any, length); /* nobody listens there */
	MUST(listen(s, 8));
	listening(s);
}

static void bind_any(int option)
{
	int s = tcp(), on = 1;
	union name any = { .any.sa_family = (sa_family_t)family };
	any.v4.sin_port = htons((uint16_t)port);
	if (option)
		PREPARE(setsockopt(s, SOL_SOCKET, option, &on, sizeof on));
	MUST(bind(s, &any.any, length));
	MUST(listen(s, 8));
	listening(s);
}

static void bind_everywhere(void)
{
	bind_any(0);
}

static void bind_with_reuseport(void)
{
	bind_any(SO_REUSEPORT);
}

static void bind_with_reuseaddr(void)
{
	bind_any(SO_REUSEADDR);
}

static void bind_unspec(void)
{
	union name any = { .any.sa_family = AF_UNSPEC };
	int s = tcp();
	MUST(bind(s, &any.any, length));
	MUST(listen(s, 8));
	listening(s);
}

/* An address that is not this machine's. */
static void bind_foreign(void)
{
	int s = tcp(), on = 1;
	MUST(setsockopt(s, IPPROTO_IP, IP_FREEBIND, &on, sizeof on));
	MUST(bind(s, &forbidden.any, length));
	MUST(listen(s, 8));
	listening(s);
}

/* What is allowed, for comparison: bound, then told to listen twice. */
static void listen_on_own_address(void)
{
	union name name;
	int s = server(&name);
	MUST(listen(s, 16));
	listening(s);
}

static void listen_again_after_a_connection(void)
{
	union name name, here = own;
	int s = (int)PREPARE(socket(family, SOCK_STREAM, 0));
	here.v4.sin_port = 0;
	PREPARE(bind(s, &here.any, length));
	server(&name);
	PREPARE(connect(s, &name.any, length));
	PREPARE(connect(s, &unspecified.any, sizeof(struct sockaddr)));
	MUST(listen(s, 8));
	listening(s);
}

/* --- what needs privileges --- */

static void on(int level, int option)
{
	int s = tcp(), one = 1;
	MUST(setsockopt(s, level, option, &one, sizeof one));
}

static void repair(void)
{
	on(IPPROTO_TCP, TCP_REPAIR);
}

static void mark(void)
{
	on(SOL_SOCKET, SO_MARK);
}

static void mark_of_a_message(void)
{
	int one = 1;
	struct msghdr header = with_control(&loopback, SOL_SOCKET, SO_MARK, &one, sizeof one);
	MUST(sendmsg(udp(), &header, 0));
}

static void transparent(void)
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
static void add_address(void)
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

static void add_route(void)
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

static void add_rule(void)
{
	struct route_request add = { .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)), .nlmsg_type = RTM_NEWRULE,
						 .nlmsg_flags = NLM_F_CREATE } };
	add.route = (struct rtmsg){ .rtm_family = (unsigned char)family, .rtm_table = 77, .rtm_type = RTN_UNICAST };
	request(NETLINK_ROUTE, &add.header);
}

/* Of this very process's: what SOCK_DESTROY may do to it, it may do to any. */
static void destroy(void)
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

static void ioctl_route(void)
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

static void ioctl_address(void)
{
	struct ifreq of = own_interface("lo:7");
	MUST(ioctl(udp(), SIOCSIFADDR, &of));
}

static void ioctl_neighbour(void)
{
	struct arpreq arp = { .arp_flags = ATF_COM | ATF_PERM, .arp_ha.sa_family = ARPHRD_ETHER };
	memcpy(&arp.arp_pa, &forbidden, sizeof arp.arp_pa);
	strncpy(arp.arp_dev, interface_name, sizeof arp.arp_dev - 1);
	MUST(ioctl(udp(), SIOCSARP, &arp));
}

static void ioctl_multicast(void)
{
	struct ifreq of = own_interface(interface_name);
	of.ifr_hwaddr.sa_family = AF_UNSPEC;
	memcpy(of.ifr_hwaddr.sa_data, "\x33\x33\0\0\7\7", 6);
	MUST(ioctl(udp(), SIOCADDMULTI, &of));
}

static void ioctl_flags(void)
{
	struct ifreq of = own_interface(interface_name);
	PREPARE(ioctl(udp(), SIOCGIFFLAGS, &of));
	MUST(ioctl(udp(), SIOCSIFFLAGS, &of));
}

/* In a network of one's own everything is allowed, and leads nowhere. */
static void own_network(void)
{
	MUST(unshare(CLONE_NEWUSER | CLONE_NEWNET));
	struct ifreq of = own_interface("lo");
	of.ifr_flags = IFF_UP;
	PREPARE(ioctl(udp(), SIOCSIFFLAGS, &of));
	interface = 1;
	add_route();
}

static void send_from_own_network(void)
{
	MUST(unshare(CLONE_NEWUSER | CLONE_NEWNET));
	struct ifreq of = own_interface("lo");
	of.ifr_flags = IFF_UP;
	PREPARE(ioctl(udp(), SIOCSIFFLAGS, &of));
	send_to(udp(), &forbidden);
}

/* --- bytes without an address have nowhere to go --- */

static void splice_unconnected(void)
{
	int ends[2];
	PREPARE(pipe(ends));
	PREPARE(write(ends[1], "attack", 6));
	MUST(splice(ends[0], NULL, udp(), NULL, 6, 0));
}

static void sendfile_unconnected(void)
{
	MUST(sendfile(udp(), (int)PREPARE(open("/proc/self/exe", O_RDONLY)), NULL, 6));
}

static void sendfile_unconnected_tcp(void)
{
	signal(SIGPIPE, SIG_IGN);
	MUST(sendfile(tcp(), (int)PREPARE(open("/proc/self/exe", O_RDONLY)), NULL, 6));
}

static void vmsplice_to_a_socket(void)
{
	MUST(vmsplice(udp(), &part, 1, 0));
}

static void write_unconnected(void)
{
	MUST(write(udp(), "attack", 6));
}

#define ATTACK(function) { #function, function }
static const struct {
	const char *name;
	void (*make)(void);
} attacks[] = {
	ATTACK(fastopen_sendto), ATTACK(fastopen_sendmsg), ATTACK(fastopen_sendmmsg), ATTACK(fastopen_connect),
	ATTACK(second_message), ATTACK(second_message_after_an_allowed_one),
	ATTACK(second_name_under_the_first_length), ATTACK(reconnect_udp), ATTACK(name_on_connected_udp),
	ATTACK(unspec_sendto), ATTACK(unspec_sendmsg), ATTACK(unspec_sendmmsg), ATTACK(unspec_then_connect),
	ATTACK(accepted_then_connect), ATTACK(mapped_connect), ATTACK(mapped_sendto), ATTACK(inet_name_on_inet6),
	ATTACK(inet_connect_on_inet6), ATTACK(name_of_24_bytes), ATTACK(name_of_128_bytes), ATTACK(message_name_of_200_bytes),
	ATTACK(zerocopy), ATTACK(segmented), ATTACK(corked),
	ATTACK(bind_to_device), ATTACK(bind_to_ifindex), ATTACK(unicast_interface), ATTACK(packet_info), ATTACK(sticky_packet_info),
	ATTACK(scoped_bind), ATTACK(scoped_multicast_bind), ATTACK(scoped_bind_then_connect),
	ATTACK(loose_source_route), ATTACK(loose_source_route_of_a_connection), ATTACK(loose_source_route_of_a_message),
	ATTACK(routing_header), ATTACK(routing_header_of_a_message), ATTACK(routing_header_of_packet_options),
	ATTACK(join), ATTACK(join_by_the_common_option), ATTACK(join_source),
	ATTACK(mptcp), ATTACK(udp_lite), ATTACK(ping), ATTACK(raw), ATTACK(raw_by_odd_words), ATTACK(packet), ATTACK(old_packet), ATTACK(sctp),
	ATTACK(sctp_connectx), ATTACK(dccp), ATTACK(smc),
	ATTACK(upper_protocol), ATTACK(upper_protocol_smc), ATTACK(l2tp), ATTACK(other_families),
	ATTACK(listen_without_bind), ATTACK(listen_after_a_connection), ATTACK(listen_after_a_failed_connection),
	ATTACK(bind_everywhere), ATTACK(bind_with_reuseport), ATTACK(bind_with_reuseaddr), ATTACK(bind_unspec), ATTACK(bind_foreign),
	ATTACK(listen_on_own_address), ATTACK(listen_again_after_a_connection),
	ATTACK(repair), ATTACK(mark), ATTACK(mark_of_a_message), ATTACK(transparent), ATTACK(add_address), ATTACK(add_route), ATTACK(add_rule), ATTACK(destroy),
	ATTACK(ioctl_route), ATTACK(ioctl_address), ATTACK(ioctl_neighbour), ATTACK(ioctl_multicast), ATTACK(ioctl_flags),
	ATTACK(own_network), ATTACK(send_from_own_network),
	ATTACK(splice_unconnected), ATTACK(sendfile_unconnected), ATTACK(sendfile_unconnected_tcp), ATTACK(vmsplice_to_a_socket),
	ATTACK(write_unconnected),
};

static void attack(const char *name, char **addresses)
{
	printf("%s ", name);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		own = name_of(addresses[0]);
		allowed = name_of(addresses[1]);
		forbidden = name_of(addresses[2]);
		loopback = name_of(family == AF_INET ? "127.0.0.1" : "::1");
		for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
			if (!strcmp(attacks[i].name, name)) {
				attacks[i].make();
				ended("ok", 0);
			}
		ended("no-such-attack", 0);
	}
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	if (argc < 7) {
		fprintf(stderr, "usage: socket-attack 4|6 OWN ALLOWED FORBIDDEN INTERFACE ATTACK...\n");
		return 2;
	}
	family = argv[1][0] == '4' ? AF_INET : AF_INET6;
	length = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	interface_name = argv[5];
	interface = (int)if_nametoindex(interface_name);
	for (int i = 6; i < argc; i++) {
		port = 9000 + i - 6;
		attack(argv[i], argv + 2);
	}
	return 0;
}
