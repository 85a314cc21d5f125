/*
 * A child that acts on its own process group without end, and that its parent has join another one's and leave it, also while a call of the
 * child's is looked at. How often its calls succeeded and failed is counted where both see it.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile struct {
	long done, refused;
} *calls;

static void count(long result)
{
	if (result == 0)
		calls->done++;
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

/* Out of the group that we were born into. */
static void begin(void)
{
	setpgid(0, 0);
	calls = mmap(NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* @param pid whose group it is, of the same session */
static void regroup(pid_t pid, long end, void act(void))
{
	unsigned seed = 1;
	pid_t group = getpgid(pid), child = fork();
	if (child == 0)
		for (;;)
			act();
	while (millis() < end) {
		setpgid(child, group);
		spin(3000, &seed);
		setpgid(child, child);
		spin(20000, &seed);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}
