/*
 * Begins datagrams (MSG_MORE) for an IPv6 address while another thread connects the socket to an IPv4 one, over which the kernel writes:
 * begun-beside HOW IPV6 IPV4 PORT TRIES
 *
 *   connected   the socket is connected to IPV6 first, and its thread begins for its peer
 *   named       the socket is fresh, and its thread begins for IPV6 by name
 *
 * Every socket sends what it has begun at last. stdout: "connected N refused N"
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int s, named;
static volatile int go, over, delay;
static struct sockaddr_in6 six, mapped;

static void *begin(void *unused)
{
	while (!go)
		;
	for (volatile int i = 0; i < delay; i++)
		;
	do {
		struct iovec part = { "Z", 1 };
		struct msghdr header = { .msg_name = named ? &six : NULL, .msg_namelen = named ? sizeof six : 0, .msg_iov = &part, .msg_iovlen = 1 };
		sendmsg(s, &header, MSG_MORE | MSG_DONTWAIT);
	} while (!over && !named);
	return unused;
}

int main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr, "usage: begun-beside connected|named IPV6 IPV4 PORT TRIES\n");
		return 2;
	}
	char text[64];
	named = !strcmp(argv[1], "named");
	six = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(argv[4])) };
	mapped = six;
	snprintf(text, sizeof text, "::ffff:%s", argv[3]);
	inet_pton(AF_INET6, argv[2], &six.sin6_addr);
	inet_pton(AF_INET6, text, &mapped.sin6_addr);
	long connected = 0, refused = 0;
	for (int i = 0; i < atoi(argv[5]); i++) {
		pthread_t thread;
		s = socket(AF_INET6, SOCK_DGRAM, 0);
		if (!named && connect(s, (struct sockaddr *)&six, sizeof six)) {
			perror("connect");
			return 2;
		}
		go = over = 0;
		delay = named ? i % 60 * 8000 : 0;
		pthread_create(&thread, NULL, begin, NULL);
		go = 1;
		if (!named)
			usleep(200);
		if (connect(s, (struct sockaddr *)&mapped, sizeof mapped))
			refused++;
		else
			connected++;
		over = 1;
		pthread_join(thread, NULL);
		send(s, "push", 4, 0);
		close(s);
	}
	printf("connected %ld refused %ld\n", connected, refused);
	return 0;
}
