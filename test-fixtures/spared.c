/*
 * Does, in a Landlock domain of its own, what looks like a connect of another socket than was judged and is none. spared ADDRESS PORT HOW
 *
 *   deferred    a TCP socket connects with TCP_FASTOPEN_CONNECT: nothing is sent yet
 *   nowhere     MSG_FASTOPEN with a list of pieces that is not there
 *   unreadable  a connect that succeeds, and then one whose address is not there
 *   dies        processes end while threads of theirs connect, by UDP and by TCP
 *
 * stdout: how the calls ended.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, PROCESSES = 60, MICROSECONDS = 3000 };

static struct sockaddr_in to;
static int type;

static int restrict_self(void)
{
	uint64_t handled = 1 << 12; /* LANDLOCK_ACCESS_FS_MAKE_SYM */
	int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
	return rules >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
}

static void tell(const char *call, long result)
{
	printf("%s %s\n", call, result < 0 ? strerrorname_np(errno) : "ok");
}

static void *connects(void *unused)
{
	for (;;) {
		int s = socket(AF_INET, type, 0);
		connect(s, (struct sockaddr *)&to, sizeof to);
		close(s);
	}
	return unused;
}

static void dies(void)
{
	for (int i = 0; i < PROCESSES; i++) {
		type = i % 2 ? SOCK_DGRAM : SOCK_STREAM;
		pid_t child = fork();
		if (child == 0) {
			pthread_t thread;
			for (int k = 0; k < THREADS; k++)
				pthread_create(&thread, NULL, connects, NULL);
			usleep(MICROSECONDS + i * 100);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
	puts("all died");
}

int main(int argc, char **argv)
{
	if (argc != 4 || !restrict_self())
		return 2;
	to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2])) };
	inet_pton(AF_INET, argv[1], &to.sin_addr);
	int s = socket(AF_INET, !strcmp(argv[3], "unreadable") ? SOCK_DGRAM : SOCK_STREAM, 0), on = 1;
	if (!strcmp(argv[3], "dies")) {
		dies();
	} else if (!strcmp(argv[3], "deferred")) {
		setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on);
		setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, &on, sizeof on);
		tell("connect", connect(s, (struct sockaddr *)&to, sizeof to));
		tell("send", send(s, "x", 1, MSG_NOSIGNAL));
	} else if (!strcmp(argv[3], "nowhere")) {
		struct msghdr message = { .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = (struct iovec *)8, .msg_iovlen = 1 };
		tell("sendmsg", sendmsg(s, &message, MSG_FASTOPEN | MSG_NOSIGNAL));
	} else {
		tell("connect", connect(s, (struct sockaddr *)&to, sizeof to));
		tell("connect", connect(s, (struct sockaddr *)8, sizeof to));
	}
	return 0;
}
