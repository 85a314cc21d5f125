/*
 * Has a signal go to another than the one that was judged: signal-race HOW FILE MILLIS
 *
 *   FILE  begins with the number of a process outside, of the same session
 *   HOW   pidfd: one thread signals by a pidfd of a child of its own, and another puts one of the process outside under its number and back
 *         group: a child signals its own group, which its parent makes that of the process outside and back
 *
 * What is sent is SIGUSR1, without end. stdout: "sent N, refused N".
 */
#include "regroup.h"
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>

static int inside, outside, shared = 100;

static void *swap(void *unused)
{
	for (unsigned seed = 1;;) {
		dup2(outside, shared);
		spin(3000, &seed);
		dup2(inside, shared);
		spin(20000, &seed);
	}
	return unused;
}

static void by_pidfd(pid_t pid, long end)
{
	pthread_t thread;
	pid_t child = fork();
	if (child == 0)
		for (;;)
			pause();
	inside = (int)syscall(SYS_pidfd_open, child, 0);
	outside = (int)syscall(SYS_pidfd_open, pid, 0);
	dup2(inside, shared);
	pthread_create(&thread, NULL, swap, NULL);
	while (millis() < end)
		count(syscall(SYS_pidfd_send_signal, shared, SIGUSR1, NULL, 0));
	kill(child, SIGKILL);
}

static void signal_own_group(void)
{
	count(kill(0, SIGUSR1));
}

int main(int argc, char **argv)
{
	int pid;
	FILE *file = argc == 4 ? fopen(argv[2], "r") : NULL;
	if (!file || fscanf(file, "%d", &pid) != 1) {
		fprintf(stderr, "usage: signal-race pidfd|group FILE MILLIS\n");
		return 2;
	}
	signal(SIGUSR1, SIG_IGN);
	begin();
	long end = millis() + atoi(argv[3]);
	if (strcmp(argv[1], "group"))
		by_pidfd(pid, end);
	else
		regroup(pid, end, signal_own_group);
	printf("sent %ld, refused %ld\n", calls->done, calls->refused);
	return 0;
}
