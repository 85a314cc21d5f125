/*
 * Puts a TCP socket that was connected to an IPv4-mapped address in the place of another one while a call for that is made, and then connects it to
 * an IPv6 address: the kernel goes on to the IPv4 one. swap-used HOW IPV4 PORT IPV6 PORT6 TRIES
 *
 *   unspec     the call is connect(AF_UNSPEC), by a process in a Landlock domain of its own; IPV4 and IPV6 are this host's
 *   unix       likewise, but of a unix socket, and by a process in none
 *   held       as unspec, but of a socket that is connected
 *   file       the call is a connect to the IPv6 address, of what is no socket
 *   local      likewise of a unix socket
 *   fresh      likewise of a TCP socket, by a process in a Landlock domain of its own
 *   timeout    likewise, and the call waits for its end: nobody answers a socket that goes on to the IPv4 address
 *   helped     as fresh, while a third thread connects the socket that was judged, by another number of it
 *   fastopen   the call is a sendto of a UDP socket with MSG_FASTOPEN to the IPv6 address
 *
 * stdout: how often the socket was connected anew.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PLACE = 40 };

static int used, judged;
static volatile int go, delay, help_delay;
static struct sockaddr_in6 mapped, next;
static const struct sockaddr none = { .sa_family = AF_UNSPEC };

static int restrict_self(void)
{
	uint64_t handled = 1 << 12; /* LANDLOCK_ACCESS_FS_MAKE_SYM */
	int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
	return rules >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
}

static void *swap(void *unused)
{
	while (!go)
		;
	for (volatile int i = 0; i < delay; i++)
		;
	dup2(used, PLACE);
	return unused;
}

static void *help(void *unused)
{
	while (!go)
		;
	for (volatile int i = 0; i < help_delay; i++)
		;
	connect(judged, (struct sockaddr *)&next, sizeof next);
	return unused;
}

/* One that was accepted, connected to the mapped address; its own end of it is the listener's port, so PORT is local. */
static int accepted(void)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = mapped.sin6_port };
	int listener = socket(AF_INET6, SOCK_STREAM, 0), client = socket(AF_INET6, SOCK_STREAM, 0), on = 1;
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&any, sizeof any) || listen(listener, 1)
			|| connect(client, (struct sockaddr *)&mapped, sizeof mapped)) {
		perror("swap-used");
		exit(2);
	}
	int s = accept(listener, NULL, NULL);
	struct linger at_once = { 1, 0 };
	setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(client);
	close(listener);
	return s;
}

static int connected(void)
{
	int s = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
	connect(s, (struct sockaddr *)&mapped, sizeof mapped);
	connect(s, &none, sizeof none);
	return s;
}

int main(int argc, char **argv)
{
	if (argc != 7)
		return 2;
	char text[64];
	int fastopen = !strcmp(argv[1], "fastopen"), in_unix = !strcmp(argv[1], "unix") || !strcmp(argv[1], "local");
	int file = !strcmp(argv[1], "file"), held = !strcmp(argv[1], "held"), helped = !strcmp(argv[1], "helped");
	int waits = !strcmp(argv[1], "timeout"), fresh = helped || waits || !strcmp(argv[1], "fresh");
	int straight = file || fresh || !strcmp(argv[1], "local");
	snprintf(text, sizeof text, "::ffff:%s", argv[2]);
	mapped = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(argv[3])) };
	next = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(argv[5])) };
	if (inet_pton(AF_INET6, text, &mapped.sin6_addr) != 1 || inet_pton(AF_INET6, argv[4], &next.sin6_addr) != 1)
		return 2;
	if ((held || fresh || !strcmp(argv[1], "unspec")) && !restrict_self())
		return 2;
	long anew = 0;
	for (int i = 0; i < atoi(argv[6]); i++) {
		pthread_t thread, helper;
		judged = file ? open("/dev/null", O_RDONLY)
			: held ? accepted() : socket(in_unix ? AF_UNIX : AF_INET6, fastopen || in_unix ? SOCK_DGRAM : SOCK_STREAM, 0);
		used = fastopen || straight ? connected() : accepted();
		if (waits) {
			int once = 1;
			fcntl(used, F_SETFL, 0);
			setsockopt(used, IPPROTO_TCP, TCP_SYNCNT, &once, sizeof once);
			setsockopt(used, IPPROTO_TCP, TCP_USER_TIMEOUT, &once, sizeof once);
		}
		dup2(judged, PLACE);
		if (!helped)
			close(judged);
		go = 0;
		delay = i % 100 * (fastopen ? 6000 : 10000);
		help_delay = i / 100 % 10 * 30000 + 20000;
		pthread_create(&thread, NULL, swap, NULL);
		if (helped)
			pthread_create(&helper, NULL, help, NULL);
		go = 1;
		if (fastopen)
			sendto(PLACE, "F", 1, MSG_FASTOPEN | MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&next, sizeof next);
		else if (straight)
			connect(PLACE, (struct sockaddr *)&next, sizeof next);
		else
			connect(PLACE, &none, sizeof none);
		pthread_join(thread, NULL);
		if (helped) {
			pthread_join(helper, NULL);
			close(judged);
		}
		struct sockaddr_in6 peer;
		socklen_t length = sizeof peer;
		if (!fastopen && !straight && getpeername(used, (struct sockaddr *)&peer, &length)) {
			struct timeval soon = { 0, 50000 };
			setsockopt(used, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
			anew += connect(used, (struct sockaddr *)&next, sizeof next) == 0 || errno == EINPROGRESS;
		}
		close(PLACE);
		close(used);
	}
	printf("%ld\n", anew);
	return 0;
}
