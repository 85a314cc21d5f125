/*
 * Calls that a signal finds when they have done a part, and something beside: cut-short-beside
 *
 * Signals that come as fast as they can, for one thread or the whole process; a limit of time; a SIGSYS that waits; a filter of one's own that
 * traps the call and has come meanwhile.
 *
 * stdout: a line each, with "all" or "part" where they are many
 */
#define _GNU_SOURCE
#include "cut-short.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

/* A limit is one limit, however many signals come; and one datagram is none of a stream. */
static void limited(int number)
{
	int ends[2];
	pid_t caller = getpid();
	struct timeval limit = { 1, 0 };
	struct timespec begin, end;
	char wanted[100];
	for (int stream = 0; stream < 2; stream++) {
		if (socketpair(AF_UNIX, stream ? SOCK_STREAM : SOCK_DGRAM, 0, ends))
			exit(2);
		pid_t child = fork();
		if (child == 0) {
			await_wait(caller);
			for (int i = 0; i < 40; i++) {
				if (i == 0 && write(ends[1], "part", 4) != 4)
					_exit(2);
				usleep(MICROSECONDS * 2);
				kill(caller, number);
			}
			_exit(0);
		}
		setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
		clock_gettime(CLOCK_MONOTONIC, &begin);
		long result = recv(ends[0], wanted, sizeof wanted, MSG_WAITALL);
		clock_gettime(CLOCK_MONOTONIC, &end);
		close(ends[0]);
		close(ends[1]);
		kill(child, SIGKILL);
		while (waitpid(child, NULL, 0) < 0)
			;
		printf("limited %s %d %ld%s\n", stream ? "stream" : "datagram", number, result, end.tv_sec - begin.tv_sec > 2 ? " late" : "");
	}
}

enum { WRITERS = 4, PIECE = 1 << 20 };

static int storm_ends[2], storm_short;
static pid_t storm_writers[WRITERS];

static void *write_pieces(void *writer)
{
	*(pid_t *)writer = (pid_t)syscall(SYS_gettid);
	for (;;)
		if (write(storm_ends[0], bytes, PIECE) != PIECE)
			storm_short = 1;
	return NULL;
}

static void *read_pages(void *none)
{
	static unsigned char got[4096];
	while (read(storm_ends[1], got, sizeof got) > 0)
		;
	return none;
}

/*
 * Writers wait for each other too, so most signals find them before they have done anything, and some on their way to begin anew. Those for the whole
 * process any thread may take, when another has been cut short by it.
 */
static void storm(const char *where, int number, int whole)
{
	enum { STORM_SECONDS = 5 };
	int status;
	pid_t child = fork();
	if (child == 0) {
		pthread_t thread;
		pid_t self = getpid();
		pair(where, storm_ends);
		for (int i = 0; i < WRITERS; i++)
			pthread_create(&thread, NULL, write_pieces, &storm_writers[i]);
		pthread_create(&thread, NULL, read_pages, NULL);
		pid_t other = whole ? fork() : -1;
		while (other == 0) {
			if (kill(self, number))
				_exit(0);
			usleep(20);
		}
		for (time_t end = time(NULL) + STORM_SECONDS; time(NULL) < end; usleep(20))
			for (int i = 0; i < WRITERS; i++)
				if (storm_writers[i])
					syscall(SYS_tgkill, self, storm_writers[i], number);
		_exit(storm_short && !whole);
	}
	while (waitpid(child, &status, 0) < 0)
		;
	printf("storm %s %d %s %s\n", where, number, whole ? "whole" : "threads", WIFSIGNALED(status) ? "killed" : WEXITSTATUS(status) ? "part" : "all");
}

static volatile int traps;

static void count_trap(int number)
{
	(void)number;
	traps++;
}

/* The rest is as many bytes as the call's number, and a SIGSYS waits that no filter has sent. */
static void masked(void)
{
	enum { CAPACITY = 1 << 16 };
	int ends[2], status;
	sigset_t only, waiting;
	pid_t caller = getpid();
	sigemptyset(&only);
	sigaddset(&only, SIGSYS);
	sigprocmask(SIG_BLOCK, &only, NULL);
	syscall(SYS_tgkill, caller, caller, SIGSYS);
	pair("pipe", ends);
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		other(ends[1], caller, SIGWINCH);
	}
	close(ends[1]);
	long result = write(ends[0], bytes, CAPACITY + SYS_write);
	close(ends[0]);
	while (waitpid(child, &status, 0) < 0)
		;
	tell("masked", "pipe", SIGWINCH, result, CAPACITY + SYS_write, status != 0);
	sigpending(&waiting);
	printf("masked %s\n", sigismember(&waiting, SIGSYS) ? "waits" : "gone");
	signal(SIGSYS, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	signal(SIGSYS, SIG_DFL);
}

static int trapped_ends[2];
static pid_t trapped_caller;

static void *trap(void *none)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
	await_wait(trapped_caller);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program))
		_exit(2);
	syscall(SYS_tgkill, getpid(), trapped_caller, SIGWINCH);
	usleep(MICROSECONDS);
	close(trapped_ends[0]);
	return none;
}

/* To all but standard output; the calls that are under way are not its. */
static void trapped(void)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		struct sigaction counted = { .sa_handler = count_trap };
		pthread_t thread;
		sigaction(SIGSYS, &counted, NULL);
		trapped_caller = getpid();
		if (pipe(trapped_ends) || pthread_create(&thread, NULL, trap, NULL))
			_exit(2);
		long result = write(trapped_ends[1], bytes, BYTES);
		printf("trapped %ld %d\n", result, traps);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0)
		;
	if (status)
		printf("trapped: %x\n", (unsigned)status);
}

int main(void)
{
	make_bytes();
	signal(SIGUSR2, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	masked();
	trapped();
	storm("pipe", SIGWINCH, 0);
	storm("pipe", SIGWINCH, 1);
	storm("unix", SIGUSR2, 1);
	limited(SIGWINCH);
	limited(SIGUSR2);
	return 0;
}
