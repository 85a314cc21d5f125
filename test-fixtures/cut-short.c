/*
 * Calls that a signal finds when they have done a part: cut-short
 *
 * Each of them waits for room, or has much to do, while the signal comes: one that does nothing by default, one that is
 * ignored, one with a handler, one that stops and one that has it go on again; or their reader leaves, with SIGPIPE ignored.
 *
 * Or signals come as fast as they can; or the other side leaves behind one; or one comes in a send without copies, which is
 * to be counted once; or a filter that traps the call has come meanwhile.
 *
 * stdout: a line each, "CALL WHERE SIGNAL all", "part" where less was done, or the error; and "changed" where other bytes came than were sent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BYTES = 4 << 20, MANY = 48 << 20, MICROSECONDS = 60000 };

static unsigned char *bytes, *many;

static unsigned char at(long i)
{
	return (unsigned char)(i * 7 + i / 251);
}

static void pair(const char *where, int ends[2])
{
	if (!strcmp(where, "pipe")) {
		int pipes[2];
		if (pipe(pipes))
			exit(2);
		ends[0] = pipes[1];
		ends[1] = pipes[0];
	} else if (!strcmp(where, "unix")) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
			exit(2);
	} else {
		struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		socklen_t length = sizeof any;
		int listener = socket(AF_INET, SOCK_STREAM, 0);
		ends[0] = socket(AF_INET, SOCK_STREAM, 0);
		if (bind(listener, (struct sockaddr *)&any, length) || listen(listener, 1) || getsockname(listener, (struct sockaddr *)&any, &length)
				|| connect(ends[0], (struct sockaddr *)&any, length))
			exit(2);
		ends[1] = accept(listener, NULL, NULL);
		close(listener);
	}
}

static void nothing(int signal)
{
	(void)signal;
}

/* Until it waits in its call, and has done what it can. */
static void await_wait(pid_t caller)
{
	char path[64], stat[512];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)caller);
	for (int seen = 0, looks = 0; seen < 3 && looks < 500; looks++) {
		FILE *file = fopen(path, "r");
		char *name = file && fgets(stat, sizeof stat, file) ? strrchr(stat, ')') : NULL;
		if (file)
			fclose(file);
		seen = name && name[2] == 'S' ? seen + 1 : 0;
		usleep(MICROSECONDS / 6);
	}
}

/* The other side: lets the call do a part, sends the signal, and does the rest. @return in the exit code whether the bytes were those */
static void other(int end, pid_t caller, int number)
{
	static unsigned char got[1 << 16];
	long came = 0, n;
	int same = 1;
	await_wait(caller);
	kill(caller, number);
	usleep(MICROSECONDS);
	if (number == SIGSTOP)
		kill(caller, SIGCONT);
	while ((n = read(end, got, sizeof got)) > 0)
		for (long i = 0; i < n; i++)
			same &= got[i] == at(came++);
	_exit(!same);
}

static void tell(const char *call, const char *where, int number, long result, long all, int changed)
{
	printf("%s %s %d %s%s\n", call, where, number, result == all ? "all" : result > 0 ? "part" : strerrorname_np(errno), changed ? " changed" : "");
}

static void over(const char *where, const char *call, int number)
{
	int ends[2], status;
	pid_t caller = getpid();
	pair(where, ends);
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		other(ends[1], caller, number);
	}
	close(ends[1]);
	long result = -1;
	if (!strcmp(call, "write"))
		result = write(ends[0], bytes, BYTES);
	else if (!strcmp(call, "send"))
		result = send(ends[0], bytes, BYTES, 0);
	else {
		int file = memfd_create("cut", 0);
		off_t from = 0;
		if (write(file, bytes, BYTES) != BYTES)
			exit(2);
		result = sendfile(ends[0], file, &from, BYTES);
		close(file);
		if (from != result)
			printf("the offset is another\n");
	}
	close(ends[0]);
	while (waitpid(child, &status, 0) < 0)
		;
	tell(call, where, number, result, BYTES, status != 0);
}

/* A limit is one limit, however many signals come; and one datagram is none of a stream. */
static void limited(int number)
{
	int ends[2];
	pid_t caller = getpid();
	struct timeval limit = { 1, 0 };
	struct timespec begin, end;
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
		long result = recv(ends[0], many, 100, MSG_WAITALL);
		clock_gettime(CLOCK_MONOTONIC, &end);
		close(ends[0]);
		close(ends[1]);
		kill(child, SIGKILL);
		while (waitpid(child, NULL, 0) < 0)
			;
		printf("limited %s %d %ld%s\n", stream ? "stream" : "datagram", number, result, end.tv_sec - begin.tv_sec > 2 ? " late" : "");
	}
}

/* Nobody reads the rest. */
static void left(const char *where)
{
	int ends[2];
	pid_t caller = getpid();
	pair(where, ends);
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		await_wait(caller);
		_exit(0);
	}
	close(ends[1]);
	long result = write(ends[0], bytes, BYTES);
	close(ends[0]);
	while (waitpid(child, NULL, 0) < 0)
		;
	tell("left", where, SIGPIPE, result, BYTES, 0);
}

/* What gives as much as is asked for. */
static void endless(const char *call, int number)
{
	pid_t caller = getpid(), child = fork();
	if (child == 0) {
		for (int i = 0; i < 6; i++) {
			usleep(4000);
			kill(caller, number);
		}
		_exit(0);
	}
	int fd = open(call, O_RDONLY);
	long result = fd < 0 ? getrandom(many, MANY, 0) : read(fd, many, MANY);
	if (number == SIGUSR1 && result > 0)
		result = MANY; /* by chance */
	tell("read", call, number, result, MANY, many[result > 0 ? result - 1 : 0] == 0 && many[MANY / 2] == 0 && strcmp(call, "/dev/zero"));
	close(fd);
	while (waitpid(child, NULL, 0) < 0)
		;
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

/* The other side leaves, and what it was sent is unread. */
static void gone(const char *where, int number)
{
	int ends[2];
	pid_t caller = getpid();
	pair(where, ends);
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		await_wait(caller);
		kill(caller, number);
		usleep(MICROSECONDS);
		_exit(0);
	}
	close(ends[1]);
	long result = write(ends[0], bytes, BYTES);
	tell("gone", where, number, result, BYTES, 0);
	result = write(ends[0], bytes, BYTES);
	tell("afterwards", where, number, result, BYTES, 0);
	close(ends[0]);
	while (waitpid(child, NULL, 0) < 0)
		;
}

/* Each call has a number of its own, by which its end is told. */
static void zerocopy(int number)
{
	int ends[2], on = 1;
	long sent = 0, calls = 0, highest = -1;
	pid_t caller = getpid();
	pair("tcp", ends);
	if (setsockopt(ends[0], SOL_SOCKET, SO_ZEROCOPY, &on, sizeof on))
		exit(2);
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		other(ends[1], caller, number);
	}
	close(ends[1]);
	for (long n = 1; n > 0 && sent < BYTES; sent += n, calls++)
		n = send(ends[0], bytes + sent, BYTES - sent, MSG_ZEROCOPY);
	usleep(MICROSECONDS);
	for (int i = 0; i < 1000; i++) {
		char control[256];
		struct msghdr message = { .msg_control = control, .msg_controllen = sizeof control };
		if (recvmsg(ends[0], &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			break;
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		if (header) {
			struct sock_extended_err *told = (void *)CMSG_DATA(header);
			highest = told->ee_data > highest ? told->ee_data : highest;
		}
	}
	close(ends[0]);
	while (waitpid(child, NULL, 0) < 0)
		;
	printf("zerocopy %d %s\n", number, sent == BYTES && highest == calls - 1 ? "each call once" : "more than the calls");
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
	const int numbers[] = { SIGCHLD, SIGWINCH, SIGCONT, SIGURG, SIGUSR2, SIGUSR1, SIGSTOP };
	struct sigaction handled = { .sa_handler = nothing };
	bytes = malloc(BYTES);
	many = malloc(MANY);
	for (long i = 0; i < BYTES; i++)
		bytes[i] = at(i);
	setvbuf(stdout, NULL, _IONBF, 0);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	left("pipe");
	left("unix");
	gone("unix", SIGWINCH);
	zerocopy(SIGWINCH);
	masked();
	trapped();
	storm("pipe", SIGWINCH, 0);
	storm("pipe", SIGWINCH, 1);
	storm("unix", SIGUSR2, 1);
	limited(SIGWINCH);
	limited(SIGUSR2);
	sigaction(SIGUSR1, &handled, NULL);
	for (int i = 0; i < (int)(sizeof numbers / sizeof *numbers); i++) {
		for (int j = 0; j < 3; j++) {
			const char *where = (const char *[]){ "pipe", "tcp", "unix" }[j];
			over(where, "write", numbers[i]);
			over(where, "sendfile", numbers[i]);
			if (j > 0)
				over(where, "send", numbers[i]);
		}
		if (numbers[i] != SIGSTOP) {
			endless("/dev/urandom", numbers[i]);
			endless("/dev/zero", numbers[i]);
			endless("getrandom", numbers[i]);
		}
	}
	return 0;
}
