/*
 * Has a signal sent by what becomes readable, not by a call that names a signal: owner HOW WHOM SIGNAL
 *
 *   HOW   setown, setown-group; ex-tid, ex-pid, ex-group (F_SETOWN_EX); fiosetown, fiosetown-group, siocspgrp, siocspgrp-group; notify
 *         (F_NOTIFY of a directory, with F_SETOWN); pipe (FIOSETOWN of what is no socket); wild (F_SETOWN_EX of no memory); odd (of no kind)
 *   WHOM  a number; "file:NAME", which begins with one; "tracer" for who traces us; "self"; "thread", another one of ours; "child"
 *
 * stdout: the errno's name; or "set", and what F_GETOWN_EX tells: its kind, and who that is; then "got SIGNAL", and where. A child says it itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile pid_t thread, got_in;
static volatile int got;

static void on_signal(int number)
{
	got = number;
	got_in = gettid();
}

static void *wait_there(void *unused)
{
	thread = gettid();
	while (!got)
		usleep(1000);
	return unused;
}

static int status(const char *key)
{
	char line[200];
	int value = 0;
	FILE *file = fopen("/proc/self/status", "r");
	while (file && fgets(line, sizeof line, file))
		if (!strncmp(line, key, strlen(key)))
			value = atoi(line + strlen(key));
	return value;
}

static pid_t start_child(int signal)
{
	int ready[2];
	char byte;
	if (pipe(ready))
		exit(2);
	pid_t child = fork();
	if (child == 0) {
		setpgid(0, 0);
		if (write(ready[1], "x", 1) != 1)
			exit(2);
		for (int i = 0; i < 1000 && !got; i++)
			usleep(1000);
		printf("child got %d\n", got ? signal : 0);
		exit(0);
	}
	if (read(ready[0], &byte, 1) != 1)
		exit(2);
	return child;
}

static pid_t find(const char *whom, int signal)
{
	int number = 0;
	if (!strcmp(whom, "tracer"))
		return status("TracerPid:");
	if (!strcmp(whom, "self"))
		return getpid();
	if (!strcmp(whom, "child"))
		return start_child(signal);
	if (!strcmp(whom, "thread")) {
		pthread_t made;
		pthread_create(&made, NULL, wait_there, NULL);
		while (!thread)
			usleep(1000);
		return thread;
	}
	FILE *file = strncmp(whom, "file:", 5) ? NULL : fopen(whom + 5, "r");
	return file && fscanf(file, "%d", &number) == 1 ? number : atoi(whom);
}

static long own(int fd, const char *how, pid_t pid)
{
	pid_t group = getpgid(pid), minus = -group;
	struct f_owner_ex owner = { F_OWNER_TID, pid };
	if (!strcmp(how, "setown") || !strcmp(how, "notify"))
		return fcntl(fd, F_SETOWN, pid);
	if (!strcmp(how, "setown-group"))
		return fcntl(fd, F_SETOWN, minus);
	if (!strcmp(how, "fiosetown") || !strcmp(how, "pipe"))
		return ioctl(fd, FIOSETOWN, &pid);
	if (!strcmp(how, "fiosetown-group"))
		return ioctl(fd, FIOSETOWN, &minus);
	if (!strcmp(how, "siocspgrp"))
		return ioctl(fd, SIOCSPGRP, &pid);
	if (!strcmp(how, "siocspgrp-group"))
		return ioctl(fd, SIOCSPGRP, &minus);
	if (!strcmp(how, "wild"))
		return fcntl(fd, F_SETOWN_EX, (void *)8);
	if (!strcmp(how, "odd"))
		owner.type = 7;
	else if (!strcmp(how, "ex-pid"))
		owner.type = F_OWNER_PID;
	else if (!strcmp(how, "ex-group"))
		owner = (struct f_owner_ex){ F_OWNER_PGRP, group };
	return fcntl(fd, F_SETOWN_EX, &owner);
}

static void tell_owner(int fd, pid_t pid)
{
	struct f_owner_ex owner = { -1, 0 };
	fcntl(fd, F_GETOWN_EX, &owner);
	printf("set %d %s\n", owner.type, thread && owner.pid == thread ? "thread" : owner.pid == getpid() ? "self" : owner.pid == pid ? "it"
			: owner.pid == getpgid(pid) ? "its group" : "another");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char directory[] = "/tmp/owner-XXXXXX", name[60];
	int ends[2];
	if (argc != 4) {
		fprintf(stderr, "usage: owner HOW WHOM SIGNAL\n");
		return 2;
	}
	const char *how = argv[1];
	int number = atoi(argv[3]);
	signal(number, on_signal);
	pid_t pid = find(argv[2], number);
	int notify = !strcmp(how, "notify");
	if (!strcmp(how, "pipe") ? pipe(ends) : socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		return 2;
	int fd = notify ? open(mkdtemp(directory), O_RDONLY | O_DIRECTORY) : ends[0];
	long rc = own(fd, how, pid);
	if (rc < 0)
		printf("%s\n", strerrorname_np(errno));
	else
		tell_owner(fd, pid);
	fcntl(fd, F_SETSIG, number);
	if (notify && rc < 0) { /* or we were its owner */
		rmdir(directory);
	} else if (notify) {
		snprintf(name, sizeof name, "%s/x", directory);
		fcntl(fd, F_NOTIFY, DN_CREATE);
		close(open(name, O_CREAT, 0600));
		unlink(name);
		rmdir(directory);
	} else {
		fcntl(fd, F_SETFL, O_ASYNC);
		if (write(ends[1], "x", 1) != 1)
			return 2;
	}
	for (int i = 0; i < 100 && !got && rc == 0; i++)
		usleep(1000);
	if (got)
		printf("got %d in %s\n", got, got_in == thread ? "the thread" : got_in == getpid() ? "the first" : "another");
	fflush(stdout);
	if (!strcmp(argv[2], "child")) {
		kill(pid, number); /* if it has not got it already */
		waitpid(pid, NULL, 0);
	}
	return 0;
}
