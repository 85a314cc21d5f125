/* What threads learn of children, and parents of a process of several threads. */
#include "probe.h"

enum { CLONE_CHILD_MS = 50 };

static volatile int *counter;

static int threads_child;

static void *fork_in_thread(void *unused)
{
	(void)unused;
	int status;
	threads_child = fork();
	if (threads_child == 0) {
		sleep_ms(CLONE_CHILD_MS);
		_exit(21);
	}
	say("other's %s", outcome(waitpid(-1, &status, __WNOTHREAD | WNOHANG)));
	*counter = 1;
	reaches(counter, 2);
	say("own %d", waitpid(-1, &status, __WNOTHREAD) == threads_child);
	say("%s", how_ended(status));
	return NULL;
}

PROBE(threads_wait_for_their_own)
{
	counter = shared(sizeof *counter);
	pthread_t thread;
	pthread_create(&thread, NULL, fork_in_thread, NULL);
	reaches(counter, 1);
	int status;
	say("not ours %s", outcome(waitpid(threads_child, &status, __WNOTHREAD)));
	*counter = 2;
	pthread_join(thread, NULL);
	say("none left %s", outcome(waitpid(threads_child, &status, 0)));
}

static void *wait_for_any(void *status)
{
	return (void *)(long)waitpid(-1, status, 0);
}

PROBE(any_thread_waits_for_the_process)
{
	pthread_t thread;
	int status = 0;
	void *got;
	pid_t child = fork();
	if (child == 0) {
		sleep_ms(CLONE_CHILD_MS);
		_exit(22);
	}
	pthread_create(&thread, NULL, wait_for_any, &status);
	pthread_join(thread, &got);
	say("%d %s", (long)got == child, how_ended(status));
}

static void *exit_group(void *unused)
{
	(void)unused;
	sleep_ms(20);
	exit(51);
}

static void *live_on(void *unused)
{
	(void)unused;
	sleep_ms(100);
	return NULL;
}

static void *execute(void *unused)
{
	(void)unused;
	sleep_ms(20);
	execl("/bin/sh", "sh", "-c", "exit 53", NULL);
	return NULL;
}

/* 0: another thread ends the process; 1: the first thread ends before the others; 2: another executes a program */
static void end_with_threads(int way)
{
	static void *(*const routines[])(void *) = { exit_group, live_on, execute };
	pthread_t thread;
	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, i == 2 ? routines[way] : live_on, NULL);
	if (way == 1)
		syscall(SYS_exit, 52);
	for (;;)
		pause();
}

PROBE(a_process_ends_when_its_last_thread_does)
{
	for (int way = 0; way < 3; way++) {
		pid_t child = fork();
		if (child == 0)
			end_with_threads(way);
		int status;
		long long start = now_ms();
		say("way %d: %d", way, waitpid(child, &status, 0) == child);
		say("%s%s", how_ended(status), way == 1 && now_ms() - start < 90 ? ", too early" : "");
	}
}

PROBE(a_leader_that_ended_is_no_end)
{
	pid_t child = fork();
	if (child == 0)
		end_with_threads(1);
	while (state_of(child) != 'Z')
		sleep_ms(1);
	int status;
	say("%d", waitpid(child, &status, WNOHANG));
	say("%s", outcome(kill(child, SIGSTOP)));
	say("%d", waitpid(child, &status, WUNTRACED) == child);
	say("%s", how_ended(status));
	kill(child, SIGCONT);
	waitpid(child, &status, 0);
	say("%s", how_ended(status));
}
