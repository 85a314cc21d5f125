/*
 * Hands socket addresses of every shape to every call that takes one, on sockets of several kinds, and tells what the kernel said:
 * sockaddr-probe; "sockaddr-probe none": on what is no socket alone, addresses of families without a rule too. A line "SOCKET CALL ADDRESS ERRNO LOCAL PEER" each; LOCAL and PEER are the socket's names afterwards, without ports.
 * All addresses but the one to no socket are this machine's loopback, or none. To be run with a sandbox and without: what it tells must not differ.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PAGE = 4096, LONGEST = 300 };

/* Two readable pages, then nothing. */
static char *memory;
static int no_sockets;

struct address {
	const char *name;
	const void *at;
	int length;
};

static struct address addresses[128];
static int count;

static void add(const char *name, const void *at, int length)
{
	addresses[count++] = (struct address){ name, at, length };
}

/* A copy that lives on, of `length` bytes at most LONGEST, zeros behind. */
static void add_copy(const char *name, const void *bytes, size_t size, int length)
{
	char *copy = calloc(1, LONGEST);
	memcpy(copy, bytes, size);
	add(name, copy, length);
}

static struct sockaddr_in inet(const char *text)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(9) };
	inet_pton(AF_INET, text, &name.sin_addr);
	return name;
}

static struct sockaddr_in6 inet6(const char *text, unsigned scope)
{
	struct sockaddr_in6 name = { .sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_scope_id = scope };
	inet_pton(AF_INET6, text, &name.sin6_addr);
	return name;
}

static void make_addresses(void)
{
	static const int lengths[] = { -2147483647 - 1, -1, 0, 1, 2, 3, 7, 8, 15, 16, 17, 23, 24, 27, 28, 29, 110, 111, 127, 128, 129, 2147483647 };
	static const char *const inet_names[] = { "127.0.0.1", "127.9.9.9", "0.0.0.0" };
	static const char *const inet6_names[] = { "::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0" };
	struct sockaddr_in v4 = inet("127.0.0.1");
	struct sockaddr_in6 v6 = inet6("::1", 0);
	char label[64];

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		snprintf(label, sizeof label, "inet/%d", lengths[i]);
		add_copy(strdup(label), &v4, sizeof v4, lengths[i]);
		snprintf(label, sizeof label, "inet6/%d", lengths[i]);
		add_copy(strdup(label), &v6, sizeof v6, lengths[i]);
		snprintf(label, sizeof label, "unspec/%d", lengths[i]);
		add_copy(strdup(label), "", 1, lengths[i]);
	}
	for (int i = 0; i < 3; i++) {
		v4 = inet(inet_names[i]);
		add_copy(inet_names[i], &v4, sizeof v4, sizeof v4);
		memset(v4.sin_zero, 0xff, sizeof v4.sin_zero);
		add_copy("no-sin_zero", &v4, sizeof v4, sizeof v4);
		v4.sin_family = AF_UNSPEC;
		add_copy("unspec-inet", &v4, sizeof v4, sizeof v4);
	}
	for (int i = 0; i < 4; i++) {
		v6 = inet6(inet6_names[i], 0);
		add_copy(inet6_names[i], &v6, sizeof v6, sizeof v6);
		v6.sin6_family = AF_UNSPEC;
		add_copy("unspec-inet6", &v6, sizeof v6, sizeof v6);
	}
	v6 = inet6("::1", 1);
	add_copy("::1%lo", &v6, sizeof v6, sizeof v6);
	v6 = inet6("::1", 77);
	add_copy("::1%77", &v6, sizeof v6, sizeof v6);

	struct sockaddr_un path = { AF_UNIX, "/nobody/is/here" };
	add_copy("unix-path", &path, sizeof path, sizeof path);
	add_copy("unix-path-111", &path, sizeof path, 111);
	struct sockaddr_un name = { AF_UNIX, "\0nobody is here" };
	add_copy("unix-abstract", &name, sizeof name, 20);
	add_copy("unix-unnamed", &name, sizeof name, 2);
	struct sockaddr_nl netlink = { .nl_family = AF_NETLINK };
	add_copy("netlink", &netlink, sizeof netlink, sizeof netlink);
	add_copy("netlink-11", &netlink, sizeof netlink, 11);

	if (no_sockets) {
		static const sa_family_t families[] = { AF_PACKET, AF_VSOCK, 99, 0xffff };
		for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
			struct sockaddr_storage foreign = { .ss_family = families[i] };
			snprintf(label, sizeof label, "family-%d", families[i]);
			add_copy(strdup(label), &foreign, sizeof foreign, sizeof foreign);
		}
		v4 = inet("10.77.2.1");
		add_copy("far", &v4, sizeof v4, sizeof v4);
	}

	add("null", NULL, sizeof v4);
	add("null-long", NULL, 129);
	add("null-negative", NULL, -1);
	add("null-0", NULL, 0);
	v4 = inet("127.0.0.1");
	memcpy(memory + 2 * PAGE - sizeof v4, &v4, sizeof v4);
	add("page-end", memory + 2 * PAGE - sizeof v4, sizeof v4);
	add("past-page-end", memory + 2 * PAGE - sizeof v4, sizeof v4 + 1);
	add("unmapped", memory + 2 * PAGE, sizeof v4);
	add("unmapped-0", memory + 2 * PAGE, 0);
	add("unmapped-1", memory + 2 * PAGE, 1);
	add("unmapped-long", memory + 2 * PAGE, 129);
	memcpy(memory + PAGE - 8, &v4, sizeof v4);
	add("across-pages", memory + PAGE - 8, sizeof v4);
	add("kernel", (void *)0xffff888000000000, sizeof v4);
	add("top", (void *)-8L, sizeof v4);
	add("not-canonical", (void *)0x1234567812345678, sizeof v4);
}

static int accepted = -1;

static const char *const sockets[] = { "udp4", "udp6", "tcp4", "tcp6", "unix-dgram", "unix-stream", "netlink", "connected4", "connected6",
				       "connected-tcp4", "file", "closed" };
enum { FIRST_OF_NONE = sizeof sockets / sizeof *sockets - 2 };
static const char *const calls[] = { "connect", "bind", "sendto", "sendmsg", "sendmmsg", "sendmsg-control", "sendmsg-no-control",
				     "sendmsg-bad-control", "sendmsg-no-iov", "sendmsg-bad-iov", "sendmsg-unmapped", "sendmmsg-0", "sendmmsg-read-only" };

static int listener;
static struct sockaddr_in served;

static int make(const char *kind)
{
	struct sockaddr_in v4 = inet("127.0.0.1");
	struct sockaddr_in6 v6 = inet6("::1", 0);
	int s;
	if (!strcmp(kind, "udp4") || !strcmp(kind, "connected4"))
		s = socket(AF_INET, SOCK_DGRAM, 0);
	else if (!strcmp(kind, "udp6") || !strcmp(kind, "connected6"))
		s = socket(AF_INET6, SOCK_DGRAM, 0);
	else if (!strcmp(kind, "tcp4") || !strcmp(kind, "connected-tcp4"))
		s = socket(AF_INET, SOCK_STREAM, 0);
	else if (!strcmp(kind, "tcp6"))
		s = socket(AF_INET6, SOCK_STREAM, 0);
	else if (!strcmp(kind, "unix-dgram"))
		s = socket(AF_UNIX, SOCK_DGRAM, 0);
	else if (!strcmp(kind, "unix-stream"))
		s = socket(AF_UNIX, SOCK_STREAM, 0);
	else if (!strcmp(kind, "netlink"))
		s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	else if (!strcmp(kind, "file"))
		s = open("/dev/null", O_RDWR);
	else
		s = 999;
	if (!strcmp(kind, "connected4"))
		connect(s, (struct sockaddr *)&v4, sizeof v4);
	if (!strcmp(kind, "connected6"))
		connect(s, (struct sockaddr *)&v6, sizeof v6);
	if (!strcmp(kind, "connected-tcp4")) {
		connect(s, (struct sockaddr *)&served, sizeof served);
		accepted = accept(listener, NULL, NULL); /* and is not closed yet: what is sent would have the connection reset, sooner or later */
	}
	return s;
}

static int try(const char *call, int s, const struct address *address)
{
	static const struct {
		struct cmsghdr header;
		char no_more[3];
	} control = { { sizeof(struct cmsghdr), SOL_SOCKET, 99 }, "x" };
	struct iovec part = { "probe", 5 };
	struct mmsghdr message = { .msg_hdr = { .msg_name = (void *)address->at, .msg_namelen = (socklen_t)address->length,
						.msg_iov = &part, .msg_iovlen = 1 } };
	socklen_t length = (socklen_t)address->length;

	if (!strcmp(call, "connect"))
		return connect(s, address->at, length);
	if (!strcmp(call, "bind"))
		return bind(s, address->at, length);
	if (!strcmp(call, "sendto"))
		return (int)sendto(s, "probe", 5, MSG_NOSIGNAL, address->at, length);
	if (!strcmp(call, "sendmmsg"))
		return sendmmsg(s, &message, 1, MSG_NOSIGNAL);
	if (!strcmp(call, "sendmmsg-0"))
		return sendmmsg(s, &message, 0, MSG_NOSIGNAL);
	if (!strcmp(call, "sendmmsg-read-only")) {
		char *place = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memcpy(place, &message, sizeof message);
		mprotect(place, PAGE, PROT_READ);
		int sent = sendmmsg(s, (struct mmsghdr *)place, 1, MSG_NOSIGNAL), error = errno;
		munmap(place, PAGE);
		errno = error;
		return sent;
	}
	if (!strcmp(call, "sendmsg-control") || !strcmp(call, "sendmsg-no-control") || !strcmp(call, "sendmsg-bad-control")) {
		message.msg_hdr.msg_control = (void *)&control;
		message.msg_hdr.msg_controllen = sizeof control.header;
		if (!strcmp(call, "sendmsg-no-control"))
			message.msg_hdr.msg_controllen = 15;
		if (!strcmp(call, "sendmsg-bad-control"))
			message.msg_hdr.msg_control = memory + 2 * PAGE;
	}
	if (!strcmp(call, "sendmsg-no-iov"))
		message.msg_hdr.msg_iovlen = 0;
	if (!strcmp(call, "sendmsg-bad-iov"))
		message.msg_hdr.msg_iov = (struct iovec *)(memory + 2 * PAGE);
	return (int)sendmsg(s, strcmp(call, "sendmsg-unmapped") ? &message.msg_hdr : (struct msghdr *)(memory + 2 * PAGE - 8), MSG_NOSIGNAL);
}

static void tell(int rc, const struct sockaddr_storage *name)
{
	char text[INET6_ADDRSTRLEN] = "-";
	if (rc == 0 && name->ss_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)name)->sin_addr, text, sizeof text);
	else if (rc == 0 && name->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)name)->sin6_addr, text, sizeof text);
	printf(" %s", text);
}

int main(int argc, char **argv)
{
	socklen_t size = sizeof served;
	no_sockets = argc > 1 && !strcmp(argv[1], "none");
	memory = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(memory + 2 * PAGE, PAGE, PROT_NONE); /* unmapped, something else would come there */
	make_addresses();
	served = inet("127.0.0.1");
	served.sin_port = 0;
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (!no_sockets && (bind(listener, (struct sockaddr *)&served, size) || listen(listener, 64) || getsockname(listener, (struct sockaddr *)&served, &size))) {
		perror("sockaddr-probe");
		return 1;
	}
	for (size_t i = no_sockets ? FIRST_OF_NONE : 0; i < sizeof sockets / sizeof *sockets; i++)
		for (size_t j = 0; j < sizeof calls / sizeof *calls; j++)
			for (int k = 0; k < count; k++) {
				struct sockaddr_storage name;
				int s = make(sockets[i]);
				int rc = try(calls[j], s, &addresses[k]);
				printf("%s %s %s %s", sockets[i], calls[j], addresses[k].name, rc < 0 ? strerrorname_np(errno) : "ok");
				if (rc > 0)
					printf(" %d", rc);
				size = sizeof name;
				tell(getsockname(s, (struct sockaddr *)&name, &size), &name);
				size = sizeof name;
				tell(getpeername(s, (struct sockaddr *)&name, &size), &name);
				printf("\n");
				close(s);
				if (accepted >= 0)
					close(accepted);
				accepted = -1;
			}
	return 0;
}
