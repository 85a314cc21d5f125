/*
 * As swap-listen.c, but that a third thread has the unix socket listen meanwhile, by another number of it: so the socket that was judged listens
 * when the call has ended. helped-listen TRIES
 *
 * stdout: "listens", once the TCP socket does; else "does not".
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { NUMBER = 50, NEAR = 400, SPINS = 1000, DELAYS = 200, APART = 4000, PAUSE = 200 };

static int unix_socket, tcp_socket;
static volatile int go, swap_delay, help_delay;

static void spin(int times)
{
	for (volatile int i = 0; i < times; i++)
		;
}

static void *swap(void *unused)
{
	while (!go)
		;
	spin(swap_delay);
	dup2(tcp_socket, NUMBER);
	return unused;
}

static void *help(void *unused)
{
	while (!go)
		;
	spin(help_delay);
	listen(unix_socket, 8);
	return unused;
}

static int listens(int fd)
{
	int answer = 0;
	socklen_t length = sizeof answer;
	getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &answer, &length);
	return answer;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: helped-listen TRIES\n");
		return 2;
	}
	for (int i = 0; i < atoi(argv[1]); i++) {
		struct sockaddr_un any = { .sun_family = AF_UNIX };
		pthread_t swapper, helper;
		unix_socket = socket(AF_UNIX, SOCK_STREAM, 0);
		bind(unix_socket, (struct sockaddr *)&any, sizeof any.sun_family); /* unix(7) "autobind" */
		tcp_socket = socket(AF_INET, SOCK_STREAM, 0);
		dup2(unix_socket, NUMBER);
		go = 0;
		swap_delay = i % 2 == 0 ? rand() % NEAR : i % DELAYS * SPINS; /* a call that nobody looks at is soon over */
		help_delay = swap_delay + rand() % (2 * APART) - APART;
		pthread_create(&swapper, NULL, swap, NULL);
		pthread_create(&helper, NULL, help, NULL);
		usleep(PAUSE);
		go = 1;
		listen(NUMBER, 8);
		pthread_join(swapper, NULL);
		pthread_join(helper, NULL);
		if (listens(tcp_socket)) {
			puts("listens");
			return 0;
		}
		close(tcp_socket);
		close(unix_socket);
		close(NUMBER);
	}
	puts("does not");
	return 0;
}
