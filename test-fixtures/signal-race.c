/*
 * Has a signal go to another than the one that was judged: signal-race HOW FILE MILLIS
 *
 *   FILE  begins with the number of a process outside, of the same session
 *   HOW   pidfd: one thread signals by a pidfd of a child of its own, and another puts one of the process outside under its number and back
 *         group: a child signals its own group, which its parent makes that of the process outside and back
 *
 * What is sent is SIGUSR1, without end. stdout: "sent N, refused N".
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile struct {
	long sent, refused;
} *calls;
static int inside, outside, shared = 100;

static void count(long result)
{
	if (result == 0)
		calls->sent++;
	else
		calls->refused++;
}

static void spin(unsigned most, unsigned *seed)
{
	for (volatile unsigned i = (unsigned)rand_r(seed) % most; i; i--)
		;
}

static long millis(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

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

static void by_group(pid_t pid, long end)
{
	unsigned seed = 1;
	pid_t group = getpgid(pid), child = fork();
	if (child == 0)
		for (;;)
			count(kill(0, SIGUSR1));
	while (millis() < end) {
		setpgid(child, group);
		spin(3000, &seed);
		setpgid(child, child);
		spin(20000, &seed);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
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
	setpgid(0, 0);
	calls = mmap(NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	(strcmp(argv[1], "group") ? by_pidfd : by_group)(pid, millis() + atoi(argv[3]));
	printf("sent %ld, refused %ld\n", calls->sent, calls->refused);
	return 0;
}
