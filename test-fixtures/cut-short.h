/* For those who try what becomes of a call that a signal finds amid its work: cut-short.c, cut-short-beside.c. */
#ifndef CUT_SHORT_H
#define CUT_SHORT_H

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BYTES = 4 << 20, MICROSECONDS = 60000 };

static unsigned char *bytes; /* BYTES of them */

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

static void make_bytes(void)
{
	bytes = malloc(BYTES);
	for (long i = 0; i < BYTES; i++)
		bytes[i] = at(i);
	setvbuf(stdout, NULL, _IONBF, 0);
}

#endif
