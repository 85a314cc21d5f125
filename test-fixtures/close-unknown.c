/*
 * Threads that close all descriptors that they do not know, while another one's first judged call has the vault brought: close-unknown PATH COUNT
 *
 * So many children in sequence, each without a vault, connect a datagram socket to PATH, where one is bound. stdout: how many did not,
 * "refused N".
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOCKET = 3, UNKNOWN = 20, THREADS = 6 };

static struct sockaddr_un to = { .sun_family = AF_UNIX };

static void *close_all(void *unused)
{
	for (;;) {
		syscall(SYS_close_range, UNKNOWN, ~0u, 0);
		usleep(200); /* six that never pause leave no call of another thread's a chance */
	}
	return unused;
}

static int failed(pid_t child)
{
	int status;
	waitpid(child, &status, 0);
	return status != 0;
}

int main(int count, char **words)
{
	if (count != 3) {
		fprintf(stderr, "usage: close-unknown PATH COUNT\n");
		return 2;
	}
	strncpy(to.sun_path, words[1], sizeof to.sun_path - 1);
	dup2(socket(AF_UNIX, SOCK_DGRAM, 0), SOCKET);
	for (int fd = SOCKET + 1; fd < UNKNOWN; fd++)
		dup2(SOCKET, fd); /* so the vault's number is none of these */
	pid_t child = fork();
	if (!child) /* or all would have the vault that this one's bind may take */
		_exit(bind(SOCKET, (struct sockaddr *)&to, sizeof to) != 0);
	if (failed(child))
		return 3;
	int refused = 0;
	for (int i = 0; i < atoi(words[2]); i++) {
		child = fork();
		if (!child) {
			pthread_t thread;
			for (int k = 0; k < THREADS; k++)
				pthread_create(&thread, NULL, close_all, NULL);
			usleep(3000);
			_exit(connect(SOCKET, (struct sockaddr *)&to, sizeof to) != 0);
		}
		refused += failed(child);
	}
	printf("refused %d\n", refused);
	return 0;
}
