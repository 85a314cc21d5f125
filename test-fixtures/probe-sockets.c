/* What TCP and UDP sockets answer to connect(2), bind(2) and the sends that name an address, and what is seen of them besides. */
#include "probe.h"

#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <linux/errqueue.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

enum { QUICK_MS = 2000 };

union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static const int domains[] = { AF_INET, AF_INET6 };

static socklen_t size_of(const union name *name)
{
	return name->any.sa_family == AF_INET ? sizeof name->v4 : sizeof name->v6;
}

static union name loopback(int domain)
{
	union name name = { .any.sa_family = (sa_family_t)domain };
	if (domain == AF_INET)
		name.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		name.v6.sin6_addr = in6addr_loopback;
	return name;
}

/* Bound to a free port of loopback; *name tells which. A stream socket listens, if it is to. */
static int receiver(int domain, int type, union name *name, int listens)
{
	int fd = socket(domain, type | SOCK_CLOEXEC, 0);
	*name = loopback(domain);
	socklen_t length = size_of(name);
	if (bind(fd, &name->any, length) || getsockname(fd, &name->any, &length) || (listens && listen(fd, 8)))
		say("receiver: %s", strerrorname_np(errno));
	return fd;
}

/* A port at which nobody listens: of a socket that is bound, and so nobody else takes it. */
static union name deaf(int domain)
{
	union name name;
	receiver(domain, SOCK_STREAM, &name, 0);
	return name;
}

static const char *connected(int fd, const union name *to)
{
	const char *what = outcome(connect(fd, &to->any, size_of(to)));
	return what;
}

static const char *disconnected(int fd)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	return outcome(connect(fd, &nowhere, sizeof nowhere));
}

static int socket_error(int fd)
{
	int error = -1;
	socklen_t length = sizeof error;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
	return error;
}

static int state(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof info;
	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
	return info.tcpi_state;
}

static int events(int fd, int ms)
{
	struct pollfd one = { fd, POLLIN | POLLOUT | POLLRDHUP, 0 };
	poll(&one, 1, ms);
	return one.revents;
}

static void set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof value))
		say("setsockopt %d %d: %s", level, option, strerrorname_np(errno));
}

PROBE(a_nonblocking_connect_step_by_step)
{
	for (int d = 0; d < 2; d++) {
		union name to, nobody = deaf(domains[d]);
		int l = receiver(domains[d], SOCK_STREAM, &to, 1), fd = socket(domains[d], SOCK_STREAM | SOCK_NONBLOCK, 0);
		say("before %#x", (unsigned)events(fd, 0));
		say("%s", connected(fd, &to));
		say("then %#x", (unsigned)events(fd, QUICK_MS));
		say("error %d", socket_error(fd));
		say("again %s", connected(fd, &to));
		say("once more %s", connected(fd, &to));
		say("elsewhere %s", connected(fd, &nobody));
		say("state %d, flags %#x", state(fd), (unsigned)fcntl(fd, F_GETFL));
		say("disconnect %s", disconnected(fd));
		say("state %d", state(fd));
		say("refused %s", connected(fd, &nobody));
		say("then %#x", (unsigned)events(fd, QUICK_MS));
		say("again %s", connected(fd, &nobody));
		say("once more %s", connected(fd, &nobody));
		say("then %#x", (unsigned)events(fd, QUICK_MS));
		say("error %d", socket_error(fd));
		say("after that %s", connected(fd, &to));
		close(l);
	}
}

PROBE(a_blocking_connect_step_by_step)
{
	for (int d = 0; d < 2; d++) {
		union name to, nobody = deaf(domains[d]);
		receiver(domains[d], SOCK_STREAM, &to, 1);
		int fd = socket(domains[d], SOCK_STREAM, 0);
		say("refused %s", connected(fd, &nobody));
		say("error %d, state %d", socket_error(fd), state(fd));
		say("%s", connected(fd, &to));
		say("error %d, state %d", socket_error(fd), state(fd));
		say("%#x", (unsigned)events(fd, 0));
		say("again %s", connected(fd, &to));
		say("flags %#x", (unsigned)fcntl(fd, F_GETFL));
		say("bind %s", outcome(bind(fd, &to.any, size_of(&to))));
		say("disconnect %s", disconnected(fd));
		say("state %d, %s", state(fd), connected(fd, &to));
		shutdown(fd, SHUT_RDWR);
		say("shut down: %s", connected(fd, &to));
		int listener = receiver(domains[d], SOCK_STREAM, &nobody, 1);
		say("a listener: %s", connected(listener, &to));
		say("itself: %s", connected(listener, &nobody));
		int self = receiver(domains[d], SOCK_STREAM, &nobody, 0);
		say("to itself: %s", connected(self, &nobody));
		say("%zd", write(self, "x", 1));
	}
}

/* What is begun with O_NONBLOCK is gone on with without it, and the other way round. */
PROBE(a_connect_that_changes_its_mind)
{
	union name to, nobody = deaf(AF_INET);
	receiver(AF_INET, SOCK_STREAM, &to, 1);
	for (int i = 0; i < 2; i++) {
		const union name *peer = i ? &nobody : &to;
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		say("begun %s", connected(fd, peer));
		fcntl(fd, F_SETFL, 0);
		say("blocking %s", connected(fd, peer));
		say("again %s, error %d", connected(fd, peer), socket_error(fd));
		close(fd);
	}
}

PROBE(flags_stay_as_they_are)
{
	union name to, nobody = deaf(AF_INET);
	receiver(AF_INET, SOCK_STREAM, &to, 1);
	static const int flags[] = { 0, O_NONBLOCK, O_APPEND, O_ASYNC, O_ASYNC | O_NONBLOCK | O_APPEND };
	signal(SIGIO, SIG_IGN);
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		for (int p = 0; p < 2; p++) {
			int fd = socket(AF_INET, SOCK_STREAM | (p ? SOCK_CLOEXEC : 0), 0);
			fcntl(fd, F_SETOWN, getpid());
			fcntl(fd, F_SETFL, flags[i]);
			say("%s", connected(fd, p ? &to : &nobody));
			say("status %#x, descriptor %d, owner %d", (unsigned)fcntl(fd, F_GETFL), fcntl(fd, F_GETFD), fcntl(fd, F_GETOWN) == getpid());
			close(fd);
		}
}

static volatile int asyncs, async_fd;

static void on_async(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	asyncs++;
	async_fd = info->si_fd;
}

PROBE(a_connection_signals_its_owner)
{
	struct sigaction action = { .sa_sigaction = on_async, .sa_flags = SA_SIGINFO | SA_RESTART };
	sigaction(SIGRTMIN, &action, NULL);
	for (int blocks = 0; blocks < 2; blocks++) {
		union name to;
		int l = receiver(AF_INET, SOCK_STREAM, &to, 1), fd = socket(AF_INET, SOCK_STREAM, 0);
		fcntl(fd, F_SETSIG, SIGRTMIN);
		fcntl(fd, F_SETOWN, getpid());
		fcntl(fd, F_SETFL, O_ASYNC | (blocks ? 0 : O_NONBLOCK));
		asyncs = 0;
		say("%s", connected(fd, &to));
		events(fd, QUICK_MS);
		close(accept(l, NULL, NULL));
		say("told %d of %s", reaches(&asyncs, 2), async_fd == fd ? "it" : "another");
		close(fd);
		close(l);
	}
}

PROBE(epoll_tells_each_edge)
{
	for (int blocks = 0; blocks < 2; blocks++)
		for (int refused = 0; refused < 2; refused++) {
			union name to, nobody = deaf(AF_INET);
			receiver(AF_INET, SOCK_STREAM, &to, 1);
			int fd = socket(AF_INET, SOCK_STREAM | (blocks ? 0 : SOCK_NONBLOCK), 0), ep = epoll_create1(0);
			struct epoll_event event = { EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, { .fd = fd } };
			epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
			for (int i = 0; i < 3; i++) {
				int count = epoll_wait(ep, &event, 1, i == 1 ? QUICK_MS : 50);
				say("%d %#x", count, count > 0 ? event.events : 0);
				if (i == 0)
					say("%s", connected(fd, refused ? &nobody : &to));
			}
			close(fd);
		}
}

PROBE(errors_of_datagrams)
{
	for (int d = 0; d < 2; d++)
		for (int queued = 0; queued < 2; queued++) {
			union name gone;
			close(receiver(domains[d], SOCK_DGRAM, &gone, 0));
			int fd = socket(domains[d], SOCK_DGRAM, 0);
			if (queued)
				set(fd, d ? IPPROTO_IPV6 : IPPROTO_IP, d ? IPV6_RECVERR : IP_RECVERR, 1);
			say("unconnected %s", outcome(sendto(fd, "x", 1, 0, &gone.any, size_of(&gone))));
			say("%#x", (unsigned)events(fd, 50));
			say("again %s", outcome(sendto(fd, "y", 1, 0, &gone.any, size_of(&gone))));
			say("error %d", socket_error(fd));
			say("connect %s", connected(fd, &gone));
			say("send %s", outcome(sendto(fd, "z", 1, 0, &gone.any, size_of(&gone))));
			say("%#x", (unsigned)events(fd, 50));
			say("connect with an error %s", connected(fd, &gone));
			struct mmsghdr two[2] = { 0 };
			struct iovec data = { "m", 1 };
			for (int i = 0; i < 2; i++)
				two[i].msg_hdr = (struct msghdr){ .msg_name = &gone, .msg_namelen = size_of(&gone), .msg_iov = &data, .msg_iovlen = 1 };
			int sent = sendmmsg(fd, two, 2, 0);
			say("sendmmsg %s", outcome(sent));
			char text[16];
			for (int i = 0; i < 8; i++) {
				char control[256];
				union name from;
				struct iovec into = { text, sizeof text };
				struct msghdr header = { .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &into, .msg_iovlen = 1,
					.msg_control = control, .msg_controllen = sizeof control };
				ssize_t got = recvmsg(fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT);
				if (got < 0)
					break;
				say("queued %.*s", (int)got, text);
			}
			say("error %d", socket_error(fd));
			say("disconnect %s", disconnected(fd));
			close(fd);
		}
}

static const int sizes[] = { 0, 1, 1472, 9000, 16384, 16385, 32768, 65487, 65488, 65507, 65508, 65527, 65528, 65535, 65536, 100000 };

PROBE(datagrams_of_every_size)
{
	static char large[100000], got[100000];
	memset(large, 'd', sizeof large);
	for (int d = 0; d < 2; d++) {
		union name to;
		int sink = receiver(domains[d], SOCK_DGRAM, &to, 0), fd = socket(domains[d], SOCK_DGRAM, 0);
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
			for (int way = 0; way < 3; way++) {
				size_t size = (size_t)sizes[i], half = size / 2;
				struct iovec pieces[] = { { large, half }, { NULL, 0 }, { large + half, size - half } };
				struct mmsghdr message = { .msg_hdr = { .msg_name = &to, .msg_namelen = size_of(&to), .msg_iov = pieces, .msg_iovlen = 3 } };
				long sent = way == 0 ? sendto(fd, large, size, 0, &to.any, size_of(&to))
					: way == 1 ? sendmsg(fd, &message.msg_hdr, 0) : sendmmsg(fd, &message, 1, 0);
				int error = errno;
				say("%zu: %ld %s, len %u, arrived %zd", size, sent, sent < 0 ? strerrorname_np(error) : "ok", message.msg_len,
				    recv(sink, got, sizeof got, MSG_DONTWAIT));
			}
	}
}

PROBE(payloads_that_are_not_there)
{
	union name to;
	int sink = receiver(AF_INET, SOCK_DGRAM, &to, 0), fd = socket(AF_INET, SOCK_DGRAM, 0);
	/* always there: whether a length reaches beyond all addresses depends on where it begins */
	char *page = mmap((void *)0x600000000, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	munmap(page + 4096, 4096);
	void *const at[] = { NULL, (void *)8, page, page + 4090, page + 4096, (void *)0x800000000000, (void *)-4096, (void *)-1 };
	static const size_t lengths[] = { 0, 1, 10, 4097, (size_t)1 << 31, (size_t)1 << 40, (size_t)-1 };
	char got[8192];
	for (size_t a = 0; a < sizeof at / sizeof *at; a++)
		for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
			long sent = sendto(fd, at[a], lengths[l], 0, &to.any, size_of(&to));
			int error = errno;
			say("%zu %zu: %ld %s, arrived %zd", a, l, sent, sent < 0 ? strerrorname_np(error) : "ok", recv(sink, got, sizeof got, MSG_DONTWAIT));
			for (int before = 0; before < 2; before++) {
				struct iovec pieces[] = { { "b", 1 }, { at[a], lengths[l] } };
				struct msghdr header = { .msg_name = &to, .msg_namelen = size_of(&to), .msg_iov = pieces + !before, .msg_iovlen = 1 + (size_t)before };
				sent = sendmsg(fd, &header, 0);
				error = errno;
				say("piece %d: %ld %s, arrived %zd", before, sent, sent < 0 ? strerrorname_np(error) : "ok", recv(sink, got, sizeof got, MSG_DONTWAIT));
			}
		}
	/* which of two faults is told */
	say("no socket, no payload: %s", outcome(sendto(999, (void *)8, 5, 0, &to.any, size_of(&to))));
	say("no family, no payload: %s", outcome(sendto(fd, (void *)8, 5, 0, &to.any, 1)));
	to.v4.sin_port = 0;
	say("no port, no payload: %s", outcome(sendto(fd, (void *)8, 5, 0, &to.any, size_of(&to))));
	say("no port: %s", outcome(sendto(fd, "x", 1, 0, &to.any, size_of(&to))));
	to.v4.sin_addr.s_addr = htonl(INADDR_BROADCAST);
	to.v4.sin_port = 9;
	say("broadcast, no payload: %s", outcome(sendto(fd, (void *)8, 5, 0, &to.any, size_of(&to))));
	say("broadcast: %s", outcome(sendto(fd, "x", 1, 0, &to.any, size_of(&to))));
}

static volatile int pipes;

static void on_pipe(int signal)
{
	(void)signal;
	pipes++;
}

PROBE(every_flag_on_every_socket)
{
	struct sigaction action = { .sa_handler = on_pipe, .sa_flags = SA_RESTART };
	sigaction(SIGPIPE, &action, NULL);
	for (int kind = 0; kind < 5; kind++) /* datagram: plain, connected, shut down; stream: plain, connected */
		for (int way = 0; way < 3; way++)
			for (int bit = 0; bit < 32; bit++) {
				union name to;
				int type = kind < 3 ? SOCK_DGRAM : SOCK_STREAM;
				int sink = receiver(AF_INET, type, &to, type == SOCK_STREAM), fd = socket(AF_INET, type, 0), flags = (int)(1U << bit);
				if (kind == 1 || kind == 2 || kind == 4)
					if (connect(fd, &to.any, size_of(&to)))
						say("connect %s", strerrorname_np(errno));
				if (kind == 2)
					shutdown(fd, SHUT_WR);
				struct iovec data = { "text", 4 };
				struct mmsghdr one = { .msg_hdr = { .msg_name = &to, .msg_namelen = size_of(&to), .msg_iov = &data, .msg_iovlen = 1 } };
				pipes = 0;
				long sent = way == 0 ? sendto(fd, "text", 4, flags, &to.any, size_of(&to))
					: way == 1 ? sendmsg(fd, &one.msg_hdr, flags) : sendmmsg(fd, &one, 1, flags);
				int error = errno;
				char got[8];
				int peer = kind == 4 || (kind == 3 && sent > 0) ? accept(sink, NULL, NULL) : sink;
				if (type == SOCK_STREAM && sent > 0)
					events(peer, QUICK_MS);
				say("kind %d way %d bit %d: %ld %s, len %u, signals %d, arrived %zd", kind, way, bit, sent,
				    sent < 0 ? strerrorname_np(error) : "ok", one.msg_len, pipes,
				    peer == sink && type == SOCK_STREAM ? -2 : recv(peer, got, sizeof got, MSG_DONTWAIT));
				if (peer != sink)
					close(peer);
				close(fd);
				close(sink);
			}
}

PROBE(corked_datagrams)
{
	for (int d = 0; d < 2; d++) {
		union name to, other;
		int sink = receiver(domains[d], SOCK_DGRAM, &to, 0), second = receiver(domains[d], SOCK_DGRAM, &other, 0);
		int fd = socket(domains[d], SOCK_DGRAM, 0);
		char got[100];
		say("%s", outcome(sendto(fd, "one", 3, MSG_MORE, &to.any, size_of(&to))));
		say("%s", outcome(sendto(fd, "two", 3, MSG_MORE, &other.any, size_of(&other))));
		say("connect meanwhile %s", connected(fd, &other));
		say("nothing yet %zd", recv(sink, got, sizeof got, MSG_DONTWAIT));
		say("%s", outcome(send(fd, "three", 5, 0)));
		say("arrived %zd", recv(sink, got, sizeof got, MSG_DONTWAIT));
		say("elsewhere %zd", recv(second, got, sizeof got, MSG_DONTWAIT));
		set(fd, IPPROTO_UDP, UDP_CORK, 1);
		for (int i = 0; i < 3; i++)
			say("%s", outcome(sendto(fd, "corked", 6, 0, &to.any, size_of(&to))));
		set(fd, IPPROTO_UDP, UDP_CORK, 0);
		say("arrived %zd", recv(sink, got, sizeof got, MSG_DONTWAIT));
		static char large[60000];
		say("%s", outcome(sendto(fd, large, sizeof large, MSG_MORE, &to.any, size_of(&to))));
		say("%s", outcome(sendto(fd, large, 10000, MSG_MORE, &to.any, size_of(&to))));
		say("%s", outcome(sendto(fd, "x", 1, 0, &to.any, size_of(&to))));
		say("arrived %zd", recv(sink, got, sizeof got, MSG_DONTWAIT | MSG_TRUNC));
	}
}

PROBE(a_pipe_signal_that_waits)
{
	sigset_t blocked, pending;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGPIPE);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	union name to;
	receiver(AF_INET, SOCK_DGRAM, &to, 0);
	for (int quiet = 1; quiet >= 0; quiet--) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);
		say("%s", connected(fd, &to));
		shutdown(fd, SHUT_WR);
		say("%s", outcome(sendto(fd, "x", 1, quiet ? MSG_NOSIGNAL : 0, &to.any, size_of(&to))));
		sigpending(&pending);
		say("pending %d", sigismember(&pending, SIGPIPE));
		say("%s", connected(fd, &to));
		say("%s", outcome(sendto(fd, "x", 1, MSG_NOSIGNAL, &to.any, size_of(&to))));
	}
}

PROBE(a_connection_that_carries_data)
{
	for (int blocks = 0; blocks < 2; blocks++) {
		union name to;
		int l = receiver(AF_INET, SOCK_STREAM, &to, 1), fd = socket(AF_INET, SOCK_STREAM | (blocks ? 0 : SOCK_NONBLOCK), 0);
		set(l, IPPROTO_TCP, TCP_FASTOPEN, 5);
		set(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
		say("%s", connected(fd, &to));
		say("state %d, %#x", state(fd), (unsigned)events(fd, 0));
		say("again %s", connected(fd, &to));
		ssize_t sent = write(fd, "early", 5);
		say("write %s", sent < 0 ? strerrorname_np(errno) : "ok");
		events(fd, QUICK_MS);
		say("state %d, again %s", state(fd), connected(fd, &to));
		close(fd);
		close(l);
	}
	union name to;
	int l = receiver(AF_INET, SOCK_STREAM, &to, 1), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	set(l, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5);
	say("%s", connected(fd, &to));
	say("%#x", (unsigned)events(fd, QUICK_MS));
	fcntl(l, F_SETFL, O_NONBLOCK);
	say("accept %s", outcome(accept(l, NULL, NULL)));
	say("write %zd", write(fd, "d", 1));
	say("%#x", (unsigned)events(l, QUICK_MS));
	say("accept %s", outcome(accept(l, NULL, NULL)));
}

static const char *bound(int fd, union name name, int port)
{
	if (name.any.sa_family == AF_INET)
		name.v4.sin_port = htons((uint16_t)port);
	else
		name.v6.sin6_port = htons((uint16_t)port);
	return outcome(bind(fd, &name.any, size_of(&name)));
}

static int port_of(int fd)
{
	union name name;
	socklen_t length = sizeof name;
	getsockname(fd, &name.any, &length);
	return ntohs(name.v4.sin_port); /* in the same place in both */
}

PROBE(binds_of_every_kind)
{
	for (int d = 0; d < 2; d++)
		for (int t = 0; t < 2; t++) {
			int type = t ? SOCK_DGRAM : SOCK_STREAM;
			union name here = loopback(domains[d]), nowhere = here;
			if (d)
				inet_pton(AF_INET6, "2001:db8::77", &nowhere.v6.sin6_addr);
			else
				nowhere.v4.sin_addr.s_addr = htonl(0xc0000207); /* 192.0.2.7 */
			static const int ports[] = { 1, 80, 1023 };
			for (int i = 0; i < 3; i++)
				say("port %d: %s", ports[i], bound(socket(domains[d], type, 0), here, ports[i]));
			int one = socket(domains[d], type, 0);
			say("any port: %s", bound(one, here, 0));
			say("twice: %s", bound(one, here, 0));
			say("taken: %s", bound(socket(domains[d], type, 0), here, port_of(one)));
			say("not ours: %s", bound(socket(domains[d], type, 0), nowhere, 0));
			int shared_one = socket(domains[d], type, 0), shared_two = socket(domains[d], type, 0);
			set(shared_one, SOL_SOCKET, SO_REUSEPORT, 1);
			set(shared_two, SOL_SOCKET, SO_REUSEPORT, 1);
			say("shared: %s", bound(shared_one, here, 0));
			say("shared: %s", bound(shared_two, here, port_of(shared_one)));
			say("unshared: %s", bound(socket(domains[d], type, 0), here, port_of(shared_one)));
			int late = socket(domains[d], type, 0);
			set(late, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
			say("late: %s", bound(late, here, 0));
			say("port %s", port_of(late) ? "given" : "none");
			int unspecified = socket(domains[d], type, 0);
			union name any = { .any.sa_family = AF_UNSPEC };
			say("AF_UNSPEC: %s", outcome(bind(unspecified, &any.any, sizeof any.v4)));
			int range = socket(domains[d], type, 0);
			set(range, IPPROTO_IP, 51 /* IP_LOCAL_PORT_RANGE */, 40123 << 16 | 40123);
			say("in a range: %s", bound(range, here, 0));
			say("%s", port_of(range) == 40123 ? "kept" : "not kept");
			close(range);
		}
}

PROBE(addresses_of_the_other_family)
{
	union name to, mapped = { .v6 = { .sin6_family = AF_INET6 } };
	int sink = receiver(AF_INET, SOCK_DGRAM, &to, 0);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.v6.sin6_addr);
	mapped.v6.sin6_port = to.v4.sin_port;
	char got[8];
	for (int only = 0; only < 2; only++)
		for (int first = 0; first < 3; first++) {
			int fd = socket(AF_INET6, SOCK_DGRAM, 0);
			set(fd, IPPROTO_IPV6, IPV6_V6ONLY, only);
			union name six = loopback(AF_INET6);
			if (first == 1)
				say("bind %s", outcome(bind(fd, &six.any, size_of(&six))));
			if (first == 2)
				say("bind %s", bound(fd, mapped, 0));
			say("mapped %s", outcome(sendto(fd, "m", 1, 0, &mapped.any, size_of(&mapped))));
			say("IPv4 %s", outcome(sendto(fd, "4", 1, 0, &to.any, size_of(&to))));
			say("connect %s", connected(fd, &mapped));
			say("as IPv4 %s", connected(fd, &to));
			say("short %s", outcome(connect(fd, &mapped.any, 24)));
			say("shorter %s", outcome(connect(fd, &mapped.any, 23)));
			int arrived = 0;
			while (recv(sink, got, sizeof got, MSG_DONTWAIT) == 1)
				arrived++;
			say("arrived %d", arrived);
		}
	struct sockaddr_in6 flow = { .sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_flowinfo = htonl(0x12345), .sin6_addr = in6addr_loopback };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	set(fd, IPPROTO_IPV6, 33 /* IPV6_FLOWINFO_SEND */, 1);
	say("a flow that is not ours: %s", outcome(sendto(fd, "f", 1, 0, (struct sockaddr *)&flow, sizeof flow)));
	say("connect %s", outcome(connect(fd, (struct sockaddr *)&flow, sizeof flow)));
}

/* A thread with descriptors of its own: the same number is two sockets. */
static int same_number;

static void *with_own_descriptors(void *to)
{
	if (unshare(CLONE_FILES))
		say("unshare: %s", strerrorname_np(errno));
	int own = socket(AF_INET, SOCK_DGRAM, 0);
	dup2(own, same_number);
	for (int i = 0; i < 100; i++) {
		union name name = *(union name *)to, peer = { 0 };
		socklen_t length = sizeof peer;
		name.v4.sin_port = htons((uint16_t)(2000 + i));
		if (connect(same_number, &name.any, size_of(&name)) || getpeername(same_number, &peer.any, &length) || peer.v4.sin_port != name.v4.sin_port)
			say("in the thread: %s", strerrorname_np(errno));
	}
	return NULL;
}

PROBE(threads_with_descriptors_of_their_own)
{
	union name to = loopback(AF_INET);
	int wrong = 0;
	for (int i = 0; i < 50; i++) {
		same_number = socket(AF_INET, SOCK_DGRAM, 0);
		pthread_t thread;
		pthread_create(&thread, NULL, with_own_descriptors, &to);
		for (int j = 0; j < 100; j++) {
			union name name = to, peer = { 0 };
			socklen_t length = sizeof peer;
			name.v4.sin_port = htons((uint16_t)(3000 + j));
			if (connect(same_number, &name.any, size_of(&name)) || getpeername(same_number, &peer.any, &length) || peer.v4.sin_port != name.v4.sin_port)
				wrong++;
		}
		pthread_join(thread, NULL);
		close(same_number);
	}
	say("wrong %d", wrong);
}

static int connects_to(int fd, uint16_t port)
{
	union name name = loopback(AF_INET), peer = { 0 };
	socklen_t length = sizeof peer;
	name.v4.sin_port = htons(port);
	return connect(fd, &name.any, size_of(&name)) == 0 && getpeername(fd, &peer.any, &length) == 0 && peer.v4.sin_port == name.v4.sin_port;
}

static void *part_from_the_others(void *unused)
{
	say("before %d", connects_to(same_number, 2000));
	if (unshare(CLONE_FILES))
		say("unshare: %s", strerrorname_np(errno));
	dup2(socket(AF_INET, SOCK_DGRAM, 0), same_number);
	say("after %d", connects_to(same_number, 2001));
	return unused;
}

PROBE(a_thread_that_parts_from_the_descriptors_of_the_others)
{
	same_number = socket(AF_INET, SOCK_DGRAM, 0);
	pthread_t thread;
	pthread_create(&thread, NULL, part_from_the_others, NULL);
	pthread_join(thread, NULL);
	union name peer = { 0 };
	socklen_t length = sizeof peer;
	getpeername(same_number, &peer.any, &length);
	say("the others' %d", ntohs(peer.v4.sin_port));
}

static int bind_and_connect(int type)
{
	union name name = loopback(AF_INET), own = { 0 };
	socklen_t length = sizeof own;
	int fd = socket(AF_INET, type, 0);
	int wrong = bind(fd, &name.any, size_of(&name)) || getsockname(fd, &own.any, &length) || own.v4.sin_port == 0;
	wrong |= type == SOCK_DGRAM && connect(fd, &own.any, size_of(&own));
	close(fd);
	return wrong;
}

/* Processes one after the other, each with another socket at the same number. */
PROBE(sockets_of_many_processes)
{
	for (volatile int i = 0, wrong = 0; i < 200; i++) {
		pid_t child = i % 2 ? fork() : vfork();
		if (child == 0)
			_exit(bind_and_connect(i % 4 < 2 ? SOCK_DGRAM : SOCK_STREAM));
		int status;
		waitpid(child, &status, 0);
		wrong += status != 0;
		if (i == 199)
			say("wrong %d", wrong);
	}
}

PROBE(a_socket_that_processes_share)
{
	union name to, peer = { 0 };
	int l = receiver(AF_INET, SOCK_STREAM, &to, 1), fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t length = sizeof peer;
	if (fork() == 0) {
		say("%s", connected(fd, &to));
		_exit(0);
	}
	wait(NULL);
	say("peer %s", outcome(getpeername(fd, &peer.any, &length)));
	say("again %s, queued %s", connected(fd, &to), outcome(accept(l, NULL, NULL)));
}

static void *connect_it(void *argument)
{
	int fd = *(int *)argument;
	union name to = *(union name *)((char *)argument + sizeof(long));
	return (void *)(long)(connect(fd, &to.any, size_of(&to)) ? errno : 0);
}

/* Of threads that connect one socket at once, each is told that it is connected, by one word or the other. */
PROBE(threads_connect_one_socket)
{
	int odd = 0;
	for (int i = 0; i < 200; i++) {
		struct { long fd; union name to; } argument;
		int l = receiver(AF_INET, SOCK_STREAM, &argument.to, 1);
		argument.fd = socket(AF_INET, SOCK_STREAM, 0);
		pthread_t threads[4];
		for (int t = 0; t < 4; t++)
			pthread_create(&threads[t], NULL, connect_it, &argument);
		for (int t = 0; t < 4; t++) {
			void *result;
			pthread_join(threads[t], &result);
			odd += (long)result != 0 && (long)result != EISCONN;
		}
		odd += (fcntl((int)argument.fd, F_GETFL) & O_NONBLOCK) != 0;
		close((int)argument.fd);
		close(l);
	}
	say("odd %d", odd);
}

static volatile int toggled;

static union name storm_peer;
static int storm_type, storm_fd;

static void *storm(void *unused)
{
	for (;;) {
		int fd = storm_type == SOCK_STREAM ? socket(AF_INET, SOCK_STREAM, 0) : storm_fd;
		(void)!connect(fd, &storm_peer.any, size_of(&storm_peer));
		if (fd != storm_fd)
			close(fd);
		else
			sendto(fd, "x", 1, 0, &storm_peer.any, size_of(&storm_peer));
	}
	return unused;
}

/* 0: it executes a program, 1: it exits, 2: it is killed, while four threads make calls */
static int ends_in_a_storm(int way, int number)
{
	pid_t child = fork();
	if (child == 0) {
		storm_type = number % 2 ? SOCK_STREAM : SOCK_DGRAM;
		receiver(AF_INET, storm_type, &storm_peer, storm_type == SOCK_STREAM);
		storm_fd = socket(AF_INET, SOCK_DGRAM, 0);
		pthread_t thread;
		for (int i = 0; i < 4; i++)
			pthread_create(&thread, NULL, storm, NULL);
		sleep_ms(number % 7);
		if (way == 0)
			execl("/bin/sh", "sh", "-c", "exit 5", NULL);
		if (way == 2)
			kill(getpid(), SIGKILL);
		_exit(5);
	}
	int status;
	waitpid(child, &status, 0);
	return way == 2 ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 5;
}

PROBE(ends_in_a_storm_of_calls)
{
	for (int way = 0; way < 3; way++) {
		int ended = 0;
		for (int i = 0; i < 20; i++)
			ended += ends_in_a_storm(way, i);
		say("way %d: %d", way, ended);
	}
}

static int swapped[3];

static void *swap(void *unused)
{
	for (int i = 0; !toggled; i++)
		dup2(swapped[i % 2], swapped[2]);
	return unused;
}

PROBE(a_descriptor_that_a_thread_swaps)
{
	union name to = deaf(AF_INET); /* whose port no stream socket takes, and so none connects to itself */
	swapped[0] = socket(AF_INET, SOCK_DGRAM, 0);
	swapped[1] = socket(AF_INET, SOCK_STREAM, 0);
	swapped[2] = dup(swapped[0]);
	pthread_t thread;
	pthread_create(&thread, NULL, swap, NULL);
	int odd = 0;
	for (int i = 0; i < 3000; i++)
		odd += connect(swapped[2], &to.any, size_of(&to)) != 0 && errno != ECONNREFUSED;
	toggled = 1;
	pthread_join(thread, NULL);
	say("odd %d, flags %#x", odd, (unsigned)fcntl(swapped[1], F_GETFL));
}

PROBE(sendmmsg_of_every_count)
{
	enum { MANY = 1100 };
	static struct mmsghdr all[MANY];
	union name to;
	int sink = receiver(AF_INET, SOCK_DGRAM, &to, 0), fd = socket(AF_INET, SOCK_DGRAM, 0), room = 4 << 20;
	setsockopt(sink, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	struct iovec data = { "mmsg", 4 };
	for (int i = 0; i < MANY; i++)
		all[i].msg_hdr = (struct msghdr){ .msg_name = &to, .msg_namelen = size_of(&to), .msg_iov = &data, .msg_iovlen = 1 };
	static const unsigned counts[] = { 0, 1, 2, 100, 1024, 1025, 1100, (unsigned)-1 };
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		int sent = sendmmsg(fd, all, counts[i], 0), arrived = 0;
		char got[8];
		say("%u: %d %s", counts[i], sent, outcome(sent));
		while (recv(sink, got, sizeof got, MSG_DONTWAIT) == 4)
			arrived++;
		say("arrived %s", arrived == sent ? "all" : arrived > 0 ? "some" : "none");
	}
	/* where its own answer cannot be written */
	struct mmsghdr *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < 128; i++)
		pages[i] = all[0];
	for (int from = 64; from >= 62; from--) {
		mprotect(pages + 64, 4096, PROT_READ);
		int sent = sendmmsg(fd, pages + from, 4, 0), arrived = 0;
		char got[8];
		say("from %d: %d %s", from, sent, outcome(sent));
		while (recv(sink, got, sizeof got, MSG_DONTWAIT) == 4)
			arrived++;
		say("arrived %d", arrived);
		mprotect(pages + 64, 4096, PROT_NONE);
		sent = sendmmsg(fd, pages + from, 4, 0);
		say("from %d, unreadable: %d %s", from, sent, outcome(sent));
		while (recv(sink, got, sizeof got, MSG_DONTWAIT) == 4)
			continue;
	}
}

static void *toggle_async(void *fd)
{
	long lost = 0;
	for (int on = 1; toggled == 0; on = !on) {
		ioctl(*(int *)fd, FIOASYNC, &on);
		for (int i = 0; i < 50; i++)
			lost += ((fcntl(*(int *)fd, F_GETFL) & O_ASYNC) != 0) != on;
	}
	return (void *)lost;
}

PROBE(a_flag_that_a_thread_changes_meanwhile)
{
	signal(SIGIO, SIG_IGN);
	union name nobody = deaf(AF_INET);
	int fd = socket(AF_INET, SOCK_STREAM, 0), odd = 0;
	pthread_t thread;
	pthread_create(&thread, NULL, toggle_async, &fd);
	for (int i = 0; i < 5000; i++)
		odd += strcmp(connected(fd, &nobody), "ECONNREFUSED") != 0;
	toggled = 1;
	void *lost;
	pthread_join(thread, &lost);
	say("lost %ld, odd %d", (long)lost, odd);
}

PROBE(ports_are_free_when_a_socket_is_closed)
{
	int taken = 0;
	union name name;
	int first = receiver(AF_INET, SOCK_DGRAM, &name, 0);
	close(first);
	for (int i = 0; i < 2000; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);
		taken += bind(fd, &name.any, size_of(&name)) != 0;
		taken += connect(fd, &name.any, size_of(&name)) != 0;
		close(fd);
	}
	say("taken %d", taken);
}

PROBE(no_descriptor_is_left_for_a_call)
{
	union name to, stream;
	receiver(AF_INET, SOCK_DGRAM, &to, 0);
	receiver(AF_INET, SOCK_STREAM, &stream, 1);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
	struct rlimit all = { (rlim_t)tcp + 1, (rlim_t)tcp + 1 };
	setrlimit(RLIMIT_NOFILE, &all);
	say("none is free: %s", outcome(dup(fd)));
	say("%s", connected(fd, &to));
	say("%s", outcome(sendto(fd, "x", 1, 0, &to.any, size_of(&to))));
	say("%s", connected(tcp, &stream));
}

static void say_control(const char *what, struct msghdr *header, const unsigned char *control, size_t length, ssize_t got)
{
	size_t kept = 0;
	while (kept < length && control[length - 1 - kept] == 0xa7)
		kept++;
	say("%s %s, control of %zu, %zu bytes as before, flags %#x", what, outcome(got), header->msg_controllen, kept, (unsigned)header->msg_flags);
}

/* Where nothing comes, there stands what stood there. */
PROBE(room_for_descriptors_stays_as_it_was)
{
	int pair[2], given = open("/dev/null", O_RDONLY);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	for (int round = 0; round < 3; round++) {
		unsigned char control[64], byte;
		memset(control, 0xa7, sizeof control);
		struct iovec part = { &byte, 1 };
		struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
		if (round > 0) { /* nothing comes, a byte, a byte with a descriptor */
			union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr first; } sent = { .first = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
			memcpy(CMSG_DATA(&sent.first), &given, sizeof given);
			struct msghdr out = { .msg_iov = &part, .msg_iovlen = 1 };
			if (round == 2) {
				out.msg_control = sent.bytes;
				out.msg_controllen = sizeof sent.bytes;
			}
			say("send %s", outcome(sendmsg(pair[1], &out, 0)));
		}
		say_control("receive", &header, control, sizeof control, recvmsg(pair[0], &header, MSG_DONTWAIT));
	}
	struct msghdr none = { .msg_control = (char[64]){ 0 }, .msg_controllen = 64 };
	say("on no descriptor %s", outcome(recvmsg(-1, &none, 0)));
}

PROBE(who_cannot_listen_is_told_why)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0probe-of-listening" };
	int pipes[2], unix_stream = socket(AF_UNIX, SOCK_STREAM, 0);
	say("none %s", outcome(listen(-1, 5)));
	say("closed %s", outcome(listen(700, 5)));
	say("pipe %s", outcome(pipe(pipes) ? -1 : listen(pipes[0], 5)));
	say("udp %s", outcome(listen(socket(AF_INET, SOCK_DGRAM, 0), 5)));
	say("unix datagram %s", outcome(listen(socket(AF_UNIX, SOCK_DGRAM, 0), 5)));
	say("unix without a name %s", outcome(listen(unix_stream, 5)));
	say("named %s", outcome(bind(unix_stream, (struct sockaddr *)&name, sizeof name)));
	say("unix %s", outcome(listen(unix_stream, 5)));
	say("again %s", outcome(listen(unix_stream, 7)));
	say("netlink %s", outcome(listen(socket(AF_NETLINK, SOCK_RAW, 0), 5)));
}

/* As libseccomp compares: all of the 64 bits. Each of the program's calls is one that the filter lets through. */
static void filter_long_names(unsigned action)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendto, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5]) + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, sizeof(struct sockaddr_in), 1, 0),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	say("filter %s", outcome(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)));
}

static void send_much_under_a_filter(unsigned action)
{
	static char much[40000];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) }, .sin_port = htons(9) };
	struct sockaddr_storage longer = { 0 };
	sigset_t blocked;
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	memcpy(&longer, &to, sizeof to);
	filter_long_names(action);
	say("sendto %s", outcome(sendto(udp, "m", 1, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to)));
	/* Longer than the supervisor sends in its place. */
	say("much %s", outcome(sendto(udp, much, sizeof much, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to)));
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	say("SIGTERM %s", sigismember(&blocked, SIGTERM) ? "blocked" : "free");
	say("longer %s", outcome(sendto(udp, much, sizeof much, MSG_DONTWAIT, (struct sockaddr *)&longer, sizeof longer)));
}

PROBE(a_filter_of_its_own_sees_the_call_as_it_is) { send_much_under_a_filter(SECCOMP_RET_ERRNO | EACCES); }
PROBE(a_filter_of_its_own_kills_what_it_would_kill) { send_much_under_a_filter(SECCOMP_RET_KILL_PROCESS); }
