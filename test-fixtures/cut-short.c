/*
 * Calls that a signal finds when they have done a part: cut-short
 *
 * Each of them waits for room, or has much to do, while the signal comes: one that does nothing by default, one that is
 * ignored, one with a handler, one that stops and one that has it go on again; or their reader leaves, with SIGPIPE ignored.
 *
 * Or the other side leaves behind one; or one comes in a send without copies, which is to be counted once.
 *
 * stdout: a line each, "CALL WHERE SIGNAL all", "part" where less was done, or the error; and "changed" where other bytes came than were sent.
 */
#define _GNU_SOURCE
#include "cut-short.h"
#include <fcntl.h>
#include <linux/errqueue.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/wait.h>

enum { MANY = 48 << 20 };

static unsigned char *many;

static void nothing(int signal)
{
	(void)signal;
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

int main(void)
{
	const int numbers[] = { SIGCHLD, SIGWINCH, SIGCONT, SIGURG, SIGUSR2, SIGUSR1, SIGSTOP };
	struct sigaction handled = { .sa_handler = nothing };
	make_bytes();
	many = malloc(MANY);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	left("pipe");
	left("unix");
	gone("unix", SIGWINCH);
	zerocopy(SIGWINCH);
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
