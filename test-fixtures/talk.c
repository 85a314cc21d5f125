/*
 * Sends something in each of several ways to each of several places, and tells what the kernel said:
 * talk CALL[,CALL...] ADDRESS PORT [ADDRESS PORT]...
 *
 * CALL: connect (TCP), fastopen (TCP), and for UDP: udp-connect, sendto, sendmsg, sendmmsg (two datagrams, asking for
 * both until they are gone), send and write (connected before). Where the call succeeds the echo is awaited.
 * stdout: a line "CALL ADDRESS PORT OUTCOME" each; the outcome is "ok", or the name of the errno. Exit 0 if all were ok.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static union {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
} to;
static socklen_t to_length;

static int read_address(const char *address, int port)
{
	if (inet_pton(AF_INET, address, &to.v4.sin_addr) == 1) {
		to.v4.sin_family = AF_INET;
		to.v4.sin_port = htons((uint16_t)port);
		to_length = sizeof to.v4;
	} else if (inet_pton(AF_INET6, address, &to.v6.sin6_addr) == 1) {
		to.v6.sin6_family = AF_INET6;
		to.v6.sin6_port = htons((uint16_t)port);
		to_length = sizeof to.v6;
	} else {
		return -1;
	}
	return 0;
}

/* Sends `hello` by `call` on socket s. */
static long say(int s, const char *call)
{
	struct iovec part = { "hello", 5 };
	struct mmsghdr messages[2] = {
		{ .msg_hdr = { .msg_name = &to, .msg_namelen = to_length, .msg_iov = &part, .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_name = &to, .msg_namelen = to_length, .msg_iov = &part, .msg_iovlen = 1 } },
	};
	if (!strcmp(call, "connect") || !strcmp(call, "udp-connect") || !strcmp(call, "send"))
		return connect(s, &to.any, to_length) ? -1 : send(s, "hello", 5, 0);
	if (!strcmp(call, "write"))
		return connect(s, &to.any, to_length) ? -1 : write(s, "hello", 5);
	if (!strcmp(call, "fastopen"))
		return sendto(s, "hello", 5, MSG_FASTOPEN, &to.any, to_length);
	if (!strcmp(call, "sendto"))
		return sendto(s, "hello", 5, 0, &to.any, to_length);
	if (!strcmp(call, "sendmsg"))
		return sendmsg(s, &messages[0].msg_hdr, 0);
	if (!strcmp(call, "sendmmsg")) {
		for (int sent = 0; sent < 2;) {
			int now = sendmmsg(s, messages + sent, (unsigned)(2 - sent), 0);
			if (now <= 0)
				return -1;
			for (int i = sent; i < sent + now; i++)
				if (messages[i].msg_len != 5) {
					printf("msg_len %u\n", messages[i].msg_len);
					exit(3);
				}
			sent += now;
		}
		return 5;
	}
	fprintf(stderr, "talk: no call %s\n", call);
	exit(2);
}

/* One conversation; NULL, or the name of the errno that ended it. */
static const char *talk(const char *call)
{
	int tcp = !strcmp(call, "connect") || !strcmp(call, "fastopen");
	int s = socket(to.any.sa_family, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
	if (s < 0)
		return strerrorname_np(errno);
	struct timeval patience = { 3, 0 };
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	const char *error = say(s, call) < 0 ? strerrorname_np(errno) : NULL;
	char echo[5];
	for (long got = 0, more; !error && got < 5; got += more) {
		more = recv(s, echo + got, sizeof echo - (size_t)got, 0);
		if (more <= 0)
			error = more ? strerrorname_np(errno) : "end-of-file";
	}
	close(s);
	return error;
}

int main(int argc, char **argv)
{
	int failed = 0;
	if (argc < 4 || argc % 2) {
		fprintf(stderr, "usage: talk CALL[,CALL...] ADDRESS PORT [ADDRESS PORT]...\n");
		return 2;
	}
	for (char *call = strtok(argv[1], ","); call; call = strtok(NULL, ","))
		for (int i = 2; i < argc; i += 2) {
			if (read_address(argv[i], atoi(argv[i + 1]))) {
				fprintf(stderr, "talk: no address: %s\n", argv[i]);
				return 2;
			}
			const char *error = talk(call);
			printf("%s %s %s %s\n", call, argv[i], argv[i + 1], error ? error : "ok");
			fflush(stdout);
			failed |= error != NULL;
		}
	return failed;
}
