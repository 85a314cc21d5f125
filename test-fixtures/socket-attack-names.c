/* Addresses in other clothes: FORBIDDEN is named where nobody may look. */
#include "socket-attack.h"

#include <netinet/tcp.h>
#include <stddef.h>

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif

/* sendmmsg until all are gone, as callers do. */
static void send_all(int s, struct mmsghdr *messages, int count, int flags)
{
	for (int sent = 0; sent < count;)
		sent += (int)MUST(sendmmsg(s, messages + sent, (unsigned)(count - sent), flags));
}

ATTACK(fastopen_sendto)
{
	started(sendto(tcp(), "attack", 6, MSG_FASTOPEN, &forbidden.any, length));
}

ATTACK(fastopen_sendmsg)
{
	struct msghdr header = message(&forbidden);
	started(sendmsg(tcp(), &header, MSG_FASTOPEN));
}

ATTACK(fastopen_sendmmsg)
{
	struct mmsghdr header = { .msg_hdr = message(&forbidden) };
	started(sendmmsg(tcp(), &header, 1, MSG_FASTOPEN));
}

ATTACK(fastopen_connect)
{
	int s = tcp(), on = 1;
	PREPARE(setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on));
	start(s, &forbidden);
	if (write(s, "attack", 6) < 0 && errno != ECONNREFUSED) /* nobody listens there */
		started(-1);
}

ATTACK(second_message)
{
	struct mmsghdr messages[2] = { { .msg_hdr = message(NULL) }, { .msg_hdr = message(&forbidden) } };
	int s = udp();
	PREPARE(connect(s, &allowed.any, length));
	send_all(s, messages, 2, 0);
}

ATTACK(second_message_after_an_allowed_one)
{
	struct mmsghdr messages[3] = { { .msg_hdr = message(&allowed) }, { .msg_hdr = message(&allowed) },
				       { .msg_hdr = message(&forbidden) } };
	send_all(udp(), messages, 3, 0);
}

/*
 * The kernel tells the first message's length where the second's address is: 0x0102 bytes were sent, so it is the address x.y.2.1 then. The
 * name lies on the upper half of msg_flags, which nobody reads, on padding, and on the lower half of msg_len.
 */
ATTACK(second_name_under_the_first_length)
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

ATTACK(reconnect_udp)
{
	int s = udp();
	PREPARE(connect(s, &allowed.any, length));
	MUST(connect(s, &forbidden.any, length));
	MUST(send(s, "attack", 6, 0));
}

ATTACK(name_on_connected_udp)
{
	int s = udp();
	PREPARE(connect(s, &allowed.any, length));
	send_to(s, &forbidden);
}

ATTACK(unspec_sendto)
{
	forbidden.any.sa_family = AF_UNSPEC;
	send_to(udp(), &forbidden);
}

ATTACK(unspec_sendmsg)
{
	forbidden.any.sa_family = AF_UNSPEC;
	struct msghdr header = message(&forbidden);
	MUST(sendmsg(udp(), &header, 0));
}

ATTACK(unspec_sendmmsg)
{
	forbidden.any.sa_family = AF_UNSPEC;
	struct mmsghdr header = { .msg_hdr = message(&forbidden) };
	send_all(udp(), &header, 1, 0);
}

ATTACK(unspec_then_connect)
{
	union name name;
	int s = tcp();
	server(&name);
	start(s, &name);
	disconnect(s);
	start(s, &forbidden);
}

ATTACK(accepted_then_connect)
{
	union name name;
	int listener = server(&name), s = (int)PREPARE(socket(family, SOCK_STREAM, 0));
	PREPARE(connect(s, &name.any, length));
	int accepted = (int)PREPARE(accept4(listener, NULL, NULL, SOCK_NONBLOCK));
	disconnect(accepted);
	start(accepted, &forbidden);
}

ATTACK(mapped_connect)
{
	union name to = mapped(&forbidden);
	family = AF_INET6;
	length = sizeof(struct sockaddr_in6);
	start(tcp(), &to);
}

ATTACK(mapped_sendto)
{
	union name to = mapped(&forbidden);
	family = AF_INET6;
	length = sizeof(struct sockaddr_in6);
	send_to(udp(), &to);
}

ATTACK(inet_name_on_inet6)
{
	family = AF_INET6;
	send_to(udp(), &forbidden);
}

ATTACK(inet_connect_on_inet6)
{
	family = AF_INET6;
	int s = udp();
	MUST(connect(s, &forbidden.any, length));
	MUST(send(s, "attack", 6, 0));
}

/* Without a scope, as RFC 2133 had it. */
ATTACK(name_of_24_bytes)
{
	MUST(sendto(udp(), "attack", 6, 0, &forbidden.any, 24));
}

ATTACK(name_of_128_bytes)
{
	MUST(sendto(udp(), "attack", 6, 0, &forbidden.any, 128));
}

ATTACK(message_name_of_200_bytes)
{
	struct {
		union name name;
		char more[200];
	} longer = { .name = forbidden };
	struct msghdr header = message(&longer.name);
	header.msg_namelen = 200;
	MUST(sendmsg(udp(), &header, 0));
}

ATTACK(zerocopy)
{
	int s = udp(), on = 1;
	struct msghdr header = message(&forbidden);
	PREPARE(setsockopt(s, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof on));
	MUST(sendmsg(s, &header, MSG_ZEROCOPY));
}

ATTACK(segmented)
{
	uint16_t segment = 3;
	struct msghdr header = with_control(&forbidden, IPPROTO_UDP, 103 /* UDP_SEGMENT */, &segment, sizeof segment);
	MUST(sendmsg(udp(), &header, 0));
}

ATTACK(corked)
{
	int s = udp();
	MUST(sendto(s, "x", 1, MSG_MORE, &forbidden.any, length));
	MUST(send(s, "y", 1, 0));
}
