/* Sockets of several threads and processes: shared, swapped and changed meanwhile, and left in the middle of calls. */
#include "probe-inet.h"

#include <sys/ioctl.h>

static int bind_and_connect(int type)
{
	union name name = loopback(AF_INET), own = { 0 };
	socklen_t length = sizeof own;
	int fd = socket(AF_INET, type, 0);
	int wrong = bind(fd, &name.any, size_of(&name)) || getsockname(fd, &own.any, &length) || own.v4.sin_port == 0;
	wrong |= type == SOCK_DGRAM && connect(fd, &own.any, size_of(&own));
	close(fd);
	return wrong;
}

/* Processes one after the other, each with another socket at the same number. */
PROBE(sockets_of_many_processes)
{
	for (volatile int i = 0, wrong = 0; i < 200; i++) {
		pid_t child = i % 2 ? fork() : vfork();
		if (child == 0)
			_exit(bind_and_connect(i % 4 < 2 ? SOCK_DGRAM : SOCK_STREAM));
		int status;
		waitpid(child, &status, 0);
		wrong += status != 0;
		if (i == 199)
			say("wrong %d", wrong);
	}
}

PROBE(a_socket_that_processes_share)
{
	union name to, peer = { 0 };
	int l = receiver(AF_INET, SOCK_STREAM, &to, 1), fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t length = sizeof peer;
	if (fork() == 0) {
		say("%s", connected(fd, &to));
		_exit(0);
	}
	wait(NULL);
	say("peer %s", outcome(getpeername(fd, &peer.any, &length)));
	say("again %s, queued %s", connected(fd, &to), outcome(accept(l, NULL, NULL)));
}

static void *connect_it(void *argument)
{
	int fd = *(int *)argument;
	union name to = *(union name *)((char *)argument + sizeof(long));
	return (void *)(long)(connect(fd, &to.any, size_of(&to)) ? errno : 0);
}

/* Of threads that connect one socket at once, each is told that it is connected, by one word or the other. */
PROBE(threads_connect_one_socket)
{
	int odd = 0;
	for (int i = 0; i < 200; i++) {
		struct { long fd; union name to; } argument;
		int l = receiver(AF_INET, SOCK_STREAM, &argument.to, 1);
		argument.fd = socket(AF_INET, SOCK_STREAM, 0);
		pthread_t threads[4];
		for (int t = 0; t < 4; t++)
			pthread_create(&threads[t], NULL, connect_it, &argument);
		for (int t = 0; t < 4; t++) {
			void *result;
			pthread_join(threads[t], &result);
			odd += (long)result != 0 && (long)result != EISCONN;
		}
		odd += (fcntl((int)argument.fd, F_GETFL) & O_NONBLOCK) != 0;
		close((int)argument.fd);
		close(l);
	}
	say("odd %d", odd);
}

static volatile int toggled;

static int swapped[3];

static void *swap(void *unused)
{
	for (int i = 0; !toggled; i++)
		dup2(swapped[i % 2], swapped[2]);
	return unused;
}

PROBE(a_descriptor_that_a_thread_swaps)
{
	union name to = deaf(AF_INET); /* whose port no stream socket takes, and so none connects to itself */
	swapped[0] = socket(AF_INET, SOCK_DGRAM, 0);
	swapped[1] = socket(AF_INET, SOCK_STREAM, 0);
	swapped[2] = dup(swapped[0]);
	pthread_t thread;
	pthread_create(&thread, NULL, swap, NULL);
	int odd = 0;
	for (int i = 0; i < 3000; i++)
		odd += connect(swapped[2], &to.any, size_of(&to)) != 0 && errno != ECONNREFUSED;
	toggled = 1;
	pthread_join(thread, NULL);
	say("odd %d, flags %#x", odd, (unsigned)fcntl(swapped[1], F_GETFL));
}

static void *toggle_async(void *fd)
{
	long lost = 0;
	for (int on = 1; toggled == 0; on = !on) {
		ioctl(*(int *)fd, FIOASYNC, &on);
		for (int i = 0; i < 50; i++)
			lost += ((fcntl(*(int *)fd, F_GETFL) & O_ASYNC) != 0) != on;
	}
	return (void *)lost;
}

PROBE(a_flag_that_a_thread_changes_meanwhile)
{
	signal(SIGIO, SIG_IGN);
	union name nobody = deaf(AF_INET);
	int fd = socket(AF_INET, SOCK_STREAM, 0), odd = 0;
	pthread_t thread;
	pthread_create(&thread, NULL, toggle_async, &fd);
	for (int i = 0; i < 5000; i++)
		odd += strcmp(connected(fd, &nobody), "ECONNREFUSED") != 0;
	toggled = 1;
	void *lost;
	pthread_join(thread, &lost);
	say("lost %ld, odd %d", (long)lost, odd);
}

static union name storm_peer;
static int storm_type, storm_fd;

static void *storm(void *unused)
{
	for (;;) {
		int fd = storm_type == SOCK_STREAM ? socket(AF_INET, SOCK_STREAM, 0) : storm_fd;
		(void)!connect(fd, &storm_peer.any, size_of(&storm_peer));
		if (fd != storm_fd)
			close(fd);
		else
			sendto(fd, "x", 1, 0, &storm_peer.any, size_of(&storm_peer));
	}
	return unused;
}

/* 0: it executes a program, 1: it exits, 2: it is killed, while four threads make calls */
static int ends_in_a_storm(int way, int number)
{
	pid_t child = fork();
	if (child == 0) {
		storm_type = number % 2 ? SOCK_STREAM : SOCK_DGRAM;
		receiver(AF_INET, storm_type, &storm_peer, storm_type == SOCK_STREAM);
		storm_fd = socket(AF_INET, SOCK_DGRAM, 0);
		pthread_t thread;
		for (int i = 0; i < 4; i++)
			pthread_create(&thread, NULL, storm, NULL);
		sleep_ms(number % 7);
		if (way == 0)
			execl("/bin/sh", "sh", "-c", "exit 5", NULL);
		if (way == 2)
			kill(getpid(), SIGKILL);
		_exit(5);
	}
	int status;
	waitpid(child, &status, 0);
	return way == 2 ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 5;
}

PROBE(ends_in_a_storm_of_calls)
{
	for (int way = 0; way < 3; way++) {
		int ended = 0;
		for (int i = 0; i < 20; i++)
			ended += ends_in_a_storm(way, i);
		say("way %d: %d", way, ended);
	}
}
