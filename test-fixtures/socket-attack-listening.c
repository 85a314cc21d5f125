/* Listening where it is not allowed: the outcome of one that works is the address. */
#include "socket-attack.h"

static void listening(int s)
{
	union name name;
	char text[INET6_ADDRSTRLEN];
	socklen_t size = sizeof name;
	PREPARE(getsockname(s, &name.any, &size));
	ended(inet_ntop(name.any.sa_family, name.any.sa_family == AF_INET ? (void *)&name.v4.sin_addr : (void *)&name.v6.sin6_addr, text,
			sizeof text), 0);
}

ATTACK(listen_without_bind)
{
	int s = tcp();
	MUST(listen(s, 8));
	listening(s);
}

/* A connection that is over leaves its port in the socket's name, though it is bound to nothing. */
ATTACK(listen_after_a_connection)
{
	union name name;
	int s = (int)PREPARE(socket(family, SOCK_STREAM, 0));
	server(&name);
	PREPARE(connect(s, &name.any, length));
	disconnect(s);
	MUST(listen(s, 8));
	listening(s);
}

ATTACK(listen_after_a_failed_connection)
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

ATTACK(bind_everywhere)
{
	bind_any(0);
}

ATTACK(bind_with_reuseport)
{
	bind_any(SO_REUSEPORT);
}

ATTACK(bind_with_reuseaddr)
{
	bind_any(SO_REUSEADDR);
}

ATTACK(bind_unspec)
{
	union name any = { .any.sa_family = AF_UNSPEC };
	int s = tcp();
	MUST(bind(s, &any.any, length));
	MUST(listen(s, 8));
	listening(s);
}

/* An address that is not this machine's. */
ATTACK(bind_foreign)
{
	int s = tcp(), on = 1;
	MUST(setsockopt(s, IPPROTO_IP, IP_FREEBIND, &on, sizeof on));
	MUST(bind(s, &forbidden.any, length));
	MUST(listen(s, 8));
	listening(s);
}

/* A bind to any free port gets a certain one. */
ATTACK(bind_in_a_range_of_one)
{
	union name here = own;
	unsigned range = 40000u << 16 | 40000u;
	int s = tcp();
	here.v4.sin_port = 0;
	MUST(setsockopt(s, IPPROTO_IP, 51 /* IP_LOCAL_PORT_RANGE */, &range, sizeof range));
	MUST(bind(s, &here.any, length));
	MUST(listen(s, 8));
	listening(s);
}

/* What is allowed, for comparison: bound, then told to listen twice. */
ATTACK(listen_on_own_address)
{
	union name name;
	int s = server(&name);
	MUST(listen(s, 16));
	listening(s);
}

ATTACK(listen_again_after_a_connection)
{
	union name name, here = own;
	int s = (int)PREPARE(socket(family, SOCK_STREAM, 0));
	here.v4.sin_port = 0;
	PREPARE(bind(s, &here.any, length));
	server(&name);
	PREPARE(connect(s, &name.any, length));
	disconnect(s);
	MUST(listen(s, 8));
	listening(s);
}
