// Connects a TCP socket of IPv6 to an IPv4-mapped address, takes it back, and connects it to an IPv6 address: the kernel then sends to the IPv4
// address, at the IPv6 one's port.
//
//   mapped-before MAPPED PORT NATIVE PORT WAY     connect: what it does, two connects; fastopen: MSG_FASTOPEN in place of the second;
//                                                 first-fastopen: in place of the first; refused: the first is not taken back but refused;
//                                                 accept: MAPPED connects to it first, on this host
//
// Prints what the last call answered.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in6 name(const char *address, const char *port) {
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(atoi(port))};
	if (inet_pton(AF_INET6, address, &to.sin6_addr) != 1) {
		exit(2);
	}
	return to;
}

static int accepted(struct sockaddr_in6 from) {
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = from.sin6_port};
	int listener = socket(AF_INET6, SOCK_STREAM, 0), one = 1, client = socket(AF_INET6, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(listener, (struct sockaddr *) &any, sizeof any) || listen(listener, 1) || connect(client, (struct sockaddr *) &from, sizeof from)) {
		perror("accept");
		exit(2);
	}
	return accept(listener, NULL, NULL);
}

int main(int argc, char **argv) {
	if (argc != 6) {
		return 2;
	}
	const char *way = argv[5];
	struct sockaddr_in6 mapped = name(argv[1], argv[2]), native = name(argv[3], argv[4]);
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	int s = strcmp(way, "accept") ? socket(AF_INET6, SOCK_STREAM, 0) : accepted(mapped);
	if (!strcmp(way, "first-fastopen")) {
		sendto(s, "", 0, MSG_FASTOPEN, (struct sockaddr *) &mapped, sizeof mapped);
	} else if (strcmp(way, "accept")) {
		connect(s, (struct sockaddr *) &mapped, sizeof mapped);
	}
	if (strcmp(way, "refused") && connect(s, &none, sizeof none)) {
		perror("AF_UNSPEC");
	}
	struct timeval soon = {0, 300000};
	setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
	int rc = strcmp(way, "fastopen") ? connect(s, (struct sockaddr *) &native, sizeof native)
									 : sendto(s, "secret", 6, MSG_FASTOPEN, (struct sockaddr *) &native, sizeof native);
	printf("%s\n", rc < 0 ? strerrorname_np(errno) : "ok");
	return 0;
}
