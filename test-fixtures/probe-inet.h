/* What the probes of TCP and UDP sockets share: names, receivers on loopback, and what is seen of a socket. */
#include "probe.h"

#include <netinet/tcp.h>

enum { QUICK_MS = 2000 };

union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static const int domains[] = { AF_INET, AF_INET6 };

static inline socklen_t size_of(const union name *name)
{
	return name->any.sa_family == AF_INET ? sizeof name->v4 : sizeof name->v6;
}

static inline union name loopback(int domain)
{
	union name name = { .any.sa_family = (sa_family_t)domain };
	if (domain == AF_INET)
		name.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		name.v6.sin6_addr = in6addr_loopback;
	return name;
}

/* Bound to a free port of loopback; *name tells which. A stream socket listens, if it is to. */
static inline int receiver(int domain, int type, union name *name, int listens)
{
	int fd = socket(domain, type | SOCK_CLOEXEC, 0);
	*name = loopback(domain);
	socklen_t length = size_of(name);
	if (bind(fd, &name->any, length) || getsockname(fd, &name->any, &length) || (listens && listen(fd, 8)))
		say("receiver: %s", strerrorname_np(errno));
	return fd;
}

/* A port at which nobody listens: of a socket that is bound, and so nobody else takes it. */
static inline union name deaf(int domain)
{
	union name name;
	receiver(domain, SOCK_STREAM, &name, 0);
	return name;
}

static inline const char *connected(int fd, const union name *to)
{
	const char *what = outcome(connect(fd, &to->any, size_of(to)));
	return what;
}

static inline const char *disconnected(int fd)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	return outcome(connect(fd, &nowhere, sizeof nowhere));
}

static inline int socket_error(int fd)
{
	int error = -1;
	socklen_t length = sizeof error;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
	return error;
}

static inline int state(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof info;
	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
	return info.tcpi_state;
}

static inline int events(int fd, int ms)
{
	struct pollfd one = { fd, POLLIN | POLLOUT | POLLRDHUP, 0 };
	poll(&one, 1, ms);
	return one.revents;
}

static inline void set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof value))
		say("setsockopt %d %d: %s", level, option, strerrorname_np(errno));
}
