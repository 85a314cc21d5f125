/*
 * Has one process receive a descriptor and another one use it: take-sibling PATH
 *
 * Both share their descriptors (clone(2) CLONE_FILES), and are not one process. The number is guessed: it is the next that is free.
 * stdout: "received" by the one, if it lives; then what the other's write(2) of "hello" says, "ok" or the name of the errno.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void receive(int peer)
{
	char text[8], control[64];
	struct iovec piece = { text, sizeof text };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	recvmsg(peer, &message, 0);
	printf("received\n");
	fflush(stdout);
	_exit(0);
}

int main(int argc, char **argv)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int peer = socket(AF_UNIX, SOCK_STREAM, 0);
	if (argc != 2)
		return 2;
	strncpy(name.sun_path, argv[1], sizeof name.sun_path - 1);
	if (connect(peer, (struct sockaddr *)&name, sizeof name))
		return 3;
	int next = fcntl(peer, F_DUPFD, 0);
	close(next);
	pid_t child = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (child == 0)
		receive(peer);
	waitpid(child, NULL, 0);
	printf("%s\n", write(next, "hello", 5) == 5 ? "ok" : strerrorname_np(errno));
	return 0;
}
