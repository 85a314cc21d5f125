/*
 * Puts a socket of another protocol in the place of the one that a judged call is about: swap-connect WAY MILLIS ADDRESS PORT
 *
 *   WAY  connect     a TCP socket connects, and waits for that; a UDP socket takes its place and the address
 *        timeout     likewise, and waits for a limited time
 *        restricted  likewise, of a process in a Landlock domain of its own
 *        netlink     likewise, of a netlink socket whose protocol has TCP's number (NETLINK_XFRM)
 *        outsider    a UDP-Lite socket connects; a socket of the caller's, descriptor 5, takes its place
 *        confined    likewise of a UDP socket, of a process in a Landlock domain of its own
 *        bind        a TCP socket is bound; a UDP socket takes its place
 *        fastopen    a UDP socket sends with MSG_FASTOPEN, which means nothing to it; a TCP socket takes its place, and connects
 *
 * Threads exchange the two under one number, and send on whichever was not to get there. stdout: "reached N", how often one of those
 * had another side, or was bound there. Exit 3: there is no Landlock here.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { INHERITED = 5, JUDGED = 50, OTHER = 51, NUMBER = 52, MOST_REACHED = 20 };

static struct sockaddr_in to = { .sin_family = AF_INET };
static volatile int over;
static volatile int reached;
static int bound;

static void *swap(void *unused)
{
	for (unsigned i = 0; !over; i++) {
		dup2(i & 1 ? JUDGED : OTHER, NUMBER);
		for (volatile unsigned wait = i * 7919 % (!bound ? 3000 : i & 1 ? 6000 : 150); wait; wait--)
			;
	}
	return unused;
}

static int is_bound(int fd)
{
	struct sockaddr_in name;
	socklen_t length = sizeof name;
	return !getsockname(fd, (struct sockaddr *)&name, &length) && name.sin_port == to.sin_port;
}

static void *use_other(void *unused)
{
	while (!over && !bound)
		reached += send(OTHER, "swapped", 7, MSG_NOSIGNAL) == 7;
	return unused;
}

static void fresh(int number, int kind, const char *way)
{
	struct timeval limit = { .tv_sec = 5 };
	int again = 1;
	int outsider = !strcmp(way, "outsider"), confined = !strcmp(way, "confined");
	int netlink = number == JUDGED && !strcmp(way, "netlink");
	int fd = (outsider || confined) && number == OTHER ? dup(INHERITED)
		: netlink ? socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM)
		: outsider ? socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE)
		: socket(AF_INET, confined ? SOCK_DGRAM : kind, 0);
	if (!strcmp(way, "timeout"))
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &again, sizeof again);
	dup2(fd, number);
	close(fd);
}

static void restrict_itself(void)
{
	unsigned long long handled = LANDLOCK_ACCESS_FS_MAKE_BLOCK;
	int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_landlock_restrict_self, rules, 0))
		exit(3);
	close(rules);
}

static long millis(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int count, char **words)
{
	if (count != 5) {
		fprintf(stderr, "usage: swap-connect connect|timeout|restricted|netlink|outsider|confined|bind|fastopen MILLIS ADDRESS PORT\n");
		return 2;
	}
	const char *way = words[1];
	int fastopen = !strcmp(way, "fastopen");
	bound = !strcmp(way, "bind");
	inet_pton(AF_INET, words[3], &to.sin_addr);
	to.sin_port = htons((in_port_t)atoi(words[4]));
	if (!strcmp(way, "restricted") || !strcmp(way, "confined"))
		restrict_itself();
	fresh(JUDGED, fastopen ? SOCK_DGRAM : SOCK_STREAM, way);
	fresh(OTHER, fastopen ? SOCK_STREAM : SOCK_DGRAM, way);
	pthread_t swapper, user;
	pthread_create(&swapper, NULL, swap, NULL);
	pthread_create(&user, NULL, use_other, NULL);
	long end = millis() + atoi(words[2]);
	for (int i = 0; millis() < end && reached < MOST_REACHED; i++) {
		if (fastopen)
			sendto(NUMBER, "swapped", 7, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof to);
		else if (bound)
			bind(NUMBER, (struct sockaddr *)&to, sizeof to);
		else
			connect(NUMBER, (struct sockaddr *)&to, sizeof to);
		if (bound && is_bound(OTHER)) {
			reached++;
			fresh(OTHER, SOCK_DGRAM, way);
		}
		if (bound || i % 8 == 0)
			fresh(JUDGED, fastopen ? SOCK_DGRAM : SOCK_STREAM, way);
	}
	over = 1;
	pthread_join(swapper, NULL);
	pthread_join(user, NULL);
	printf("reached %d\n", reached);
	return 0;
}
