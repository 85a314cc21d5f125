/*
 * Enters the network namespace that descriptor 9 names, and sends a datagram from there: enter-network ADDRESS PORT.
 *
 * stdout: "entered" or setns's error, then "sent" or sendto's. Exit 0 if it was sent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	if (argc != 3 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		return 2;
	to.sin_port = htons((unsigned short)atoi(argv[2]));
	puts(setns(9, CLONE_NEWNET) ? strerrorname_np(errno) : "entered");
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	int sent = sendto(s, "x", 1, 0, (struct sockaddr *)&to, sizeof to) == 1;
	puts(sent ? "sent" : strerrorname_np(errno));
	return !sent;
}
