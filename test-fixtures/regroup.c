/*
 * Has a call about its caller's own process group run when that is another's: regroup MILLIS PID
 *
 *   PID  of the same session, in a group outside
 *
 * A child lowers its group's priority by setpriority(2) and ioprio_set(2), which name no group, without end; its parent has the child join the
 * group of PID and leave it again. stdout: "ran N, refused N", of the child's setpriority.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NICE = 7, IOPRIO = 2 << 13 | NICE, IOPRIO_WHO_PGRP = 2 };

static volatile struct {
	long ran, refused;
} *calls;

static void lower(void)
{
	for (;;) {
		if (setpriority(PRIO_PGRP, 0, NICE) == 0)
			calls->ran++;
		else
			calls->refused++;
		syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP, 0, IOPRIO);
	}
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

int main(int count, char **words)
{
	if (count != 3) {
		fprintf(stderr, "usage: regroup MILLIS PID\n");
		return 2;
	}
	pid_t group = getpgid(atoi(words[2]));
	unsigned seed = 1;
	calls = mmap(NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	setpgid(0, 0);
	pid_t child = fork();
	if (child == 0)
		lower();
	for (long end = millis() + atoi(words[1]); millis() < end;) {
		setpgid(child, group);
		spin(3000, &seed);
		setpgid(child, child);
		spin(20000, &seed);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	printf("ran %ld, refused %ld\n", calls->ran, calls->refused);
	return 0;
}
