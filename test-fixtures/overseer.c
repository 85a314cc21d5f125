/*
 * Runs a command and tells how it ended: overseer STATUS TIMEOUT_MS LINGER_MS UID COMMAND [ARGUMENT...]
 *
 * The command gets default signals, an empty mask, and UID as user and group if that is not 0. To STATUS goes, a line each:
 *     exit N | signal N | timeout      how it ended
 *     stdout N, stderr N               how many bytes were in the (regular) files 1 and 2 when its end was seen
 *     millis N                         how long it ran
 *     straggler NAME                   for each process that it, having ended, left behind for more than LINGER_MS
 * What is still there then is killed. Descendants cannot leave: the overseer is their subreaper.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static FILE *status;

static long long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void die(const char *what)
{
	perror(what);
	_exit(99);
}

static long long size(int fd)
{
	struct stat s;
	return fstat(fd, &s) == 0 ? (long long)s.st_size : -1;
}

static void tell(const char *end, int number, long long start)
{
	fprintf(status, "%s %d\nstdout %lld\nstderr %lld\nmillis %lld\n", end, number, size(1), size(2), now() - start);
	fflush(status);
}

/* Kills our children, told by name if `named`. */
static void kill_children(int named)
{
	FILE *children = fopen("/proc/thread-self/children", "r");
	long pid;
	if (!children)
		die("/proc/thread-self/children");
	while (fscanf(children, "%ld", &pid) == 1) {
		char path[64], name[64] = "?\n";
		snprintf(path, sizeof path, "/proc/%ld/comm", pid);
		FILE *comm = fopen(path, "r");
		if (comm) {
			if (!fgets(name, sizeof name, comm))
				strcpy(name, "?\n");
			fclose(comm);
		}
		if (named)
			fprintf(status, "straggler %s", name);
		kill((pid_t)pid, SIGKILL);
	}
	fclose(children);
}

static void become(int uid)
{
	if (uid && (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid)))
		die("setresuid");
}

int main(int argc, char **argv)
{
	if (argc < 6) {
		fprintf(stderr, "usage: overseer STATUS TIMEOUT_MS LINGER_MS UID COMMAND [ARGUMENT...]\n");
		return 99;
	}
	status = fopen(argv[1], "we");
	if (!status)
		die(argv[1]);
	long timeout = atol(argv[2]), linger = atol(argv[3]);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigset_t child_ended, none;
	sigemptyset(&none);
	sigemptyset(&child_ended);
	sigaddset(&child_ended, SIGCHLD);
	sigprocmask(SIG_SETMASK, &child_ended, NULL);

	long long start = now(), deadline = start + timeout;
	pid_t command = fork();
	if (command < 0)
		die("fork");
	if (command == 0) {
		for (int signal_number = 1; signal_number < NSIG; signal_number++)
			signal(signal_number, SIG_DFL);
		sigprocmask(SIG_SETMASK, &none, NULL);
		become(atoi(argv[4]));
		execvp(argv[5], argv + 5);
		die(argv[5]);
	}

	int ended = 0, killing = 0;
	for (;;) {
		int how;
		pid_t pid = waitpid(-1, &how, WNOHANG);
		if (pid == command && !ended) {
			ended = 1;
			deadline = now() + linger;
			if (WIFEXITED(how))
				tell("exit", WEXITSTATUS(how), start);
			else
				tell("signal", WTERMSIG(how), start);
		}
		if (pid > 0)
			continue;
		if (pid < 0 && errno == ECHILD)
			return 0;
		if (now() >= deadline) {
			if (!ended) {
				ended = 1;
				tell("timeout", 0, start);
				killing = 1;
			}
			kill_children(!killing);
			killing = 1;
			deadline = now() + 20;
		}
		struct timespec pause = { 0, 20000000 };
		sigtimedwait(&child_ended, NULL, &pause);
	}
}
