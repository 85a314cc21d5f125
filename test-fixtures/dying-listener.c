/*
 * Kills a process that listens, after a TCP socket that nobody bound was put in the place of its unix socket: who shares its descriptors has a
 * socket that listens everywhere. dying-listener TIMES NANOSECONDS, the latest moment of that
 *
 * stdout: how often.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STACK = 65536 };

static char stack[STACK] __attribute__((aligned(16)));
static volatile int go;
static int place;

static int listens(void *unused)
{
	(void)unused;
	go = 1;
	listen(place, 5);
	return 0;
}

static long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000L + time.tv_nsec;
}

int main(int argc, char **argv)
{
	int listening = 0;
	if (argc != 3)
		return 2;
	for (int i = 0; i < atoi(argv[1]); i++) {
		struct sockaddr_un any = { .sun_family = AF_UNIX };
		int tcp = socket(AF_INET, SOCK_STREAM, 0), is = 0;
		socklen_t length = sizeof is;
		place = socket(AF_UNIX, SOCK_STREAM, 0);
		bind(place, (struct sockaddr *)&any, sizeof any.sun_family);
		go = 0;
		pid_t child = clone(listens, stack + STACK, CLONE_FILES | CLONE_VM | SIGCHLD, NULL);
		if (child < 0)
			return 2;
		while (!go)
			;
		for (long end = now() + rand() % atoi(argv[2]); now() < end;)
			;
		dup2(tcp, place);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		getsockopt(tcp, SOL_SOCKET, SO_ACCEPTCONN, &is, &length);
		listening += is;
		close(place);
		close(tcp);
	}
	printf("%d\n", listening);
	return 0;
}
