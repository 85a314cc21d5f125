/* What UDP sockets, and TCP ones beside them, answer to the sends that name an address: sizes, payloads, flags, errors. */
#include "probe-inet.h"

#include <netinet/udp.h>

enum { MESSAGES = 4 };

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

PROBE(many_datagrams_of_every_size)
{
	static char large[20000], got[20000];
	union name to;
	int sink = receiver(AF_INET, SOCK_DGRAM, &to, 0), fd = socket(AF_INET, SOCK_DGRAM, 0);
	for (size_t size = 0; size <= sizeof large; size += size ? size : 1) {
		struct iovec data = { large, size };
		struct mmsghdr three[3] = { 0 };
		for (int i = 0; i < 3; i++)
			three[i].msg_hdr = (struct msghdr){ .msg_name = &to, .msg_namelen = size_of(&to), .msg_iov = &data, .msg_iovlen = 1 };
		int sent = sendmmsg(fd, three, 3, 0);
		say("%zu: %d, arrived %zd", size, sent, recv(sink, got, sizeof got, MSG_DONTWAIT));
		while (recv(sink, got, sizeof got, MSG_DONTWAIT) >= 0)
			;
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

/* Where no firewall judges packets neither the option nor so large a beginning is to be had. */
PROBE(corked_sockets)
{
	for (int d = 0; d < 2; d++) {
		union name to;
		int sink = receiver(domains[d], SOCK_DGRAM, &to, 0), fd = socket(domains[d], SOCK_DGRAM, 0);
		char got[100];
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

/* sendmmsg may answer a short count; a caller that goes on from there sees what it would see of a long one. */
static void send_all(int fd, struct mmsghdr *all, unsigned count)
{
	for (unsigned done = 0; done < count;) {
		int sent = sendmmsg(fd, all + done, count - done, 0);
		if (sent < 0)
			say("message %u: %s", done++, strerrorname_np(errno));
		for (int i = 0; i < sent; i++, done++)
			say("message %u: %u bytes", done, all[done].msg_len);
	}
}

PROBE(sendmmsg_by_and_by)
{
	union name peer;
	int sink = receiver(AF_INET, SOCK_DGRAM, &peer, 0), fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct iovec data[MESSAGES][2];
	struct mmsghdr all[MESSAGES] = { 0 };
	for (int i = 0; i < MESSAGES; i++) {
		data[i][0] = (struct iovec){ "abcdefgh", (size_t)i };
		data[i][1] = (struct iovec){ "ABCDEFGH", 2 };
		all[i].msg_hdr = (struct msghdr){ .msg_name = &peer, .msg_namelen = size_of(&peer), .msg_iov = data[i], .msg_iovlen = 2 };
	}
	send_all(fd, all, MESSAGES);
	all[1].msg_hdr.msg_namelen = 3; /* too short for an address */
	all[2].msg_hdr.msg_name = (void *)8;
	send_all(fd, all, MESSAGES);
	all[0].msg_hdr.msg_iovlen = 5000;
	send_all(fd, all, MESSAGES);
	all[0].msg_hdr.msg_iov = NULL;
	all[0].msg_hdr.msg_iovlen = 0;
	send_all(fd, all, 1);
	say("none: %d", sendmmsg(fd, all, 0, 0));
	say("no socket: %s", outcome(sendmmsg(2000, all, 1, 0)));
	char text[100];
	for (ssize_t length; (length = recv(sink, text, sizeof text, MSG_DONTWAIT)) >= 0;)
		say("arrived: %.*s", (int)length, text);
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
