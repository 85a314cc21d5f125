/*
 * Kills processes of which a thread is amid an execve(2), so that it has lost its own number: killed-exec TIMES
 *
 * stdout: "done"
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *self;

static void rest(int microseconds)
{
	const struct timespec time = { 0, microseconds * 1000L };
	nanosleep(&time, NULL);
}

static void *replace(void *unused)
{
	(void)unused;
	rest(rand() % 1500);
	execl(self, self, "wait", NULL);
	return NULL;
}

static void child(int seed)
{
	pthread_t thread;
	srand(seed);
	pthread_create(&thread, NULL, replace, NULL);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc > 1 && strcmp(argv[1], "wait") == 0)
		return pause();
	int times = argc > 1 ? atoi(argv[1]) : 1;
	for (int i = 0; i < times; i++) {
		pid_t pid = fork();
		if (pid == 0)
			child(i);
		rest(300 + rand() % 4000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	puts("done");
}
