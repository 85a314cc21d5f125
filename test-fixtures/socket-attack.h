/*
 * What the programs share that try to get past rules on addresses by what sockets can be told: PROGRAM 4|6 OWN ALLOWED FORBIDDEN INTERFACE
 * ATTACK... Each has the attacks of one subject, ATTACK(name) { ... }, and makes those that it is told to.
 *
 * What may be reached is taken to be loopback, this machine's address OWN, and ALLOWED, which is on the other end of INTERFACE as
 * FORBIDDEN is. Loopback and OWN may be bound to. The nth ATTACK sends to port 9000 + n - 1, so that the receiver can tell them apart.
 * stdout: a line "ATTACK OUTCOME" each; the outcome is "ok" if all calls succeeded, or the name of the errno of the one that did not
 * and the line that made it. Each is tried in a process of its own. Exit 0.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_ATTACKS = 100 };

static struct attack { const char *name; void (*make)(void); } attacks[MOST_ATTACKS];
static int attack_count;

#define ATTACK(name) \
	static void name(void); \
	__attribute__((constructor)) static void add_##name(void) { attacks[attack_count++] = (struct attack){ #name, name }; } \
	static void name(void)

union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage storage;
};

static int family, port, interface;
static const char *interface_name;
static union name own, allowed, forbidden, loopback;
static socklen_t length;

static inline void ended(const char *outcome, int line)
{
	if (line)
		printf("%s:%d\n", outcome, line);
	else
		printf("%s\n", outcome);
	fflush(stdout);
	_exit(0);
}

static inline long must(long result, int line)
{
	if (result < 0)
		ended(strerrorname_np(errno), line);
	return result;
}

/* The call that an attack stands and falls with. */
#define MUST(call) must((call), 0)
/* One that prepares it; where this fails is told. */
#define PREPARE(call) must((call), __LINE__)

static inline union name name_of(const char *text)
{
	union name name = { .any.sa_family = (sa_family_t)family };
	name.v4.sin_port = htons((uint16_t)port);
	if (inet_pton(family, text, family == AF_INET ? (void *)&name.v4.sin_addr : (void *)&name.v6.sin6_addr) != 1)
		ended("no-address", __LINE__);
	return name;
}

static inline int tcp(void)
{
	return (int)PREPARE(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0));
}

static inline int udp(void)
{
	return (int)PREPARE(socket(family, SOCK_DGRAM, 0));
}

/* Under way is as good as done. */
static inline void started(long result)
{
	if (result < 0 && errno != EINPROGRESS)
		MUST(-1);
}

static inline void start(int s, const union name *to)
{
	started(connect(s, &to->any, length));
}

/* So that it may be connected anew. */
static inline void disconnect(int s)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	PREPARE(connect(s, &nowhere, sizeof nowhere));
}

static inline void send_to(int s, const union name *to)
{
	MUST(sendto(s, "attack", 6, 0, &to->any, length));
}

static struct iovec part = { "attack", 6 };

static inline struct msghdr message(union name *to)
{
	return (struct msghdr){ .msg_name = to, .msg_namelen = to ? length : 0, .msg_iov = &part, .msg_iovlen = 1 };
}

/* A message with one control message; the memory is static. */
static inline struct msghdr with_control(union name *to, int level, int type, const void *data, size_t bytes)
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

/* A server at this machine's own address, at a port the kernel chooses, and its name. */
static inline int server(union name *name)
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

static inline union name mapped(const union name *v4)
{
	union name name = { .v6 = { .sin6_family = AF_INET6, .sin6_port = v4->v4.sin_port } };
	name.v6.sin6_addr.s6_addr[10] = name.v6.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&name.v6.sin6_addr.s6_addr[12], &v4->v4.sin_addr, 4);
	return name;
}

/* By a socket or on a way that is to lead it elsewhere. */
static inline void send_to_loopback(int s)
{
	send_to(s, &loopback);
}

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
		for (int i = 0; i < attack_count; i++)
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
		fprintf(stderr, "usage: %s 4|6 OWN ALLOWED FORBIDDEN INTERFACE ATTACK...\n", argv[0]);
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
