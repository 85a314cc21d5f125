/*
 * Ends in one of the ways a process can, after a connect that may be denied: ending ADDRESS PORT WAY CODE.
 *
 * WAY: return, thread (a thread calls exit_group while the first waits), first-leaves (the first thread's exit(2) comes before the
 * connect, another's after it), last-leaves (as that, but by the connect of the first), exec and thread-exec (another image returns the
 * code), child (a child connects, the parent returns), signal (of the number CODE). Says nothing.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char **words;
static int code;

static void reach(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[2])) };
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	inet_pton(AF_INET, words[1], &to.sin_addr);
	if (s < 0 || (connect(s, (struct sockaddr *)&to, sizeof to) && close(s)))
		_exit(99);
	close(s);
}

static void become(void)
{
	char command[32];
	snprintf(command, sizeof command, "exit %d", code);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(98);
}

/* The first thread is gone by then, or waits in pause(2) for ever. */
static void *other(void *way)
{
	usleep(100 * 1000);
	if (!strcmp(way, "first-leaves"))
		reach();
	if (!strcmp(way, "thread-exec"))
		become();
	if (!strcmp(way, "thread"))
		exit(code);
	syscall(SYS_exit, code);
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 97;
	words = argv;
	code = atoi(argv[4]);
	const char *way = argv[3];
	if (!strcmp(way, "child")) {
		pid_t child = fork();
		if (child == 0) {
			reach();
			_exit(0);
		}
		waitpid(child, NULL, 0);
		return code;
	}
	if (strcmp(way, "first-leaves"))
		reach();
	if (!strcmp(way, "return"))
		return code;
	if (!strcmp(way, "exec"))
		become();
	if (!strcmp(way, "signal")) {
		raise(code);
		return 96;
	}
	pthread_t thread;
	if (pthread_create(&thread, NULL, other, (void *)way))
		return 95;
	if (!strcmp(way, "first-leaves") || !strcmp(way, "last-leaves"))
		syscall(SYS_exit, 94);
	for (;;)
		pause();
}
