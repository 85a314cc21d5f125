/*
 * Processes that are killed while a descriptor is handed to them. dying-receiver HOW TIMES
 *
 *   shared              by their parent, which shares their descriptors and has what came, at once when it has: from who is at the other end of descriptor 8
 *   socket, directory   by their parent, some milliseconds after they began to hand themselves one of their own
 *
 * stdout: how many descriptors came, and how many of these are still connected; each of those sends a datagram.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GIVER = 8, STACK = 65536, SPINS = 3000000, MICROSECONDS = 3000 };

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

static char stack[STACK] __attribute__((aligned(16)));

static int receive(void *unused)
{
	char byte;
	union control control = { 0 };
	struct iovec piece = { &byte, 1 };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	(void)unused;
	recvmsg(GIVER, &message, MSG_DONTWAIT);
	return 0;
}

static int has_ended(pid_t child)
{
	siginfo_t end = { 0 };
	return waitid(P_PID, (id_t)child, &end, WEXITED | WNOHANG | WNOWAIT) < 0 || end.si_pid != 0;
}

static void shared(int times)
{
	int came = 0, connected = 0;
	for (int i = 0; i < times; i++) {
		int next = fcntl(STDIN_FILENO, F_DUPFD, 3);
		close(next);
		pid_t child = clone(receive, stack + STACK, CLONE_FILES | SIGCHLD, NULL);
		if (child < 0)
			exit(2);
		for (int spin = 0; spin < SPINS && fcntl(next, F_GETFD) < 0; spin++)
			if (spin % 1024 == 0 && has_ended(child))
				break;
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		struct sockaddr_in peer;
		socklen_t length = sizeof peer;
		if (fcntl(next, F_GETFD) < 0)
			continue;
		came++;
		if (getpeername(next, (struct sockaddr *)&peer, &length) == 0) {
			connected++;
			send(next, "x", 1, 0);
		}
		close(next);
	}
	printf("%d came, %d connected\n", came, connected);
}

static void hand_self(int directory)
{
	int pair[2], s = directory ? open("/", O_RDONLY | O_DIRECTORY) : socket(AF_INET, SOCK_DGRAM, 0);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
	for (;;) {
		char byte = 0;
		union control control = { .header = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof s) } };
		struct iovec piece = { &byte, 1 };
		struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
		memcpy(CMSG_DATA(&control.header), &s, sizeof s);
		sendmsg(pair[1], &message, 0);
		if (recvmsg(pair[0], &message, 0) > 0) {
			int came;
			memcpy(&came, CMSG_DATA(&control.header), sizeof came);
			close(came);
		}
	}
}

static void own(int times, int directory)
{
	for (int i = 0; i < times; i++) {
		pid_t child = fork();
		if (child == 0)
			hand_self(directory);
		usleep(MICROSECONDS + i % 30 * 100);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	printf("%d died\n", times);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	if (strcmp(argv[1], "shared") == 0)
		shared(atoi(argv[2]));
	else
		own(atoi(argv[2]), strcmp(argv[1], "directory") == 0);
	return 0;
}
