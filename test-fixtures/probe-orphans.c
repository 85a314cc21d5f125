/* Who adopts orphans and waits for them, and the signal that comes with a parent's end. */
#include "probe.h"

static void orphan(const char *whose)
{
	int ready[2];
	if (pipe(ready))
		return;
	pid_t us = getpid(), child = fork();
	if (child == 0) {
		pid_t parent = getpid();
		if (fork() == 0) {
			close(ready[0]);
			while (getppid() == parent)
				sleep_ms(1);
			say("%s: %s", whose, getppid() == us ? "adopted by us" : "adopted by another");
			_exit(31);
		}
		_exit(30);
	}
	close(ready[1]);
	int status, sum = 0;
	char byte;
	while (read(ready[0], &byte, 1) > 0)
		continue;
	while (wait(&status) > 0)
		sum += WEXITSTATUS(status);
	say("%s: waited for %d", whose, sum);
}

PROBE(orphans_are_adopted)
{
	orphan("no reaper");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	orphan("reaper");
	pid_t child = fork();
	if (child == 0) { /* an orphan that has ended already */
		if (fork() == 0)
			_exit(41);
		siginfo_t info;
		waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
		_exit(40);
	}
	int status, sum = 0;
	while (wait(&status) > 0)
		sum += WEXITSTATUS(status);
	say("ended orphan %d", sum);
}

static volatile int *counter;

PROBE(a_death_signal_comes_with_the_parents_end)
{
	counter = shared(sizeof *counter);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t parent = fork();
	if (parent == 0) {
		pid_t child = fork();
		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGUSR1);
			*counter = 1;
			for (;;)
				pause();
		}
		reaches(counter, 1);
		_exit(1);
	}
	int status;
	waitpid(parent, &status, 0); /* which of two that have ended is shown first depends on which was adopted */
	say("%s", how_ended(status));
	while (wait(&status) > 0)
		say("%s", how_ended(status));
}
