/*
 * While a thread makes its process's first call with an address, another takes the lowest free number of a descriptor: vault-number TRIES FILE
 *
 * By dup2(2), as if the number had been free for it all along. Afterwards its file is to be there, and the calls are to have been made.
 *
 * stdout: "gone N failed N", in how many of the tries, each in a process of its own, the descriptor was not there or a call failed
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GONE = 1, FAILED = 2, LONG = 20000 }; /* bytes, which secfilt leaves to the caller to send */

static volatile int goes;
static int udp, failed;

static int sends(void)
{
	static char bytes[LONG];
	struct sockaddr_in discard = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	return sendto(udp, bytes, LONG, 0, (struct sockaddr *)&discard, sizeof discard) == LONG;
}

static void *first_call(void *none)
{
	goes = 1;
	failed = !sends();
	return none;
}

static int try(const char *path, int delay)
{
	pthread_t thread;
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	int file = open(path, O_RDONLY), lowest = dup(file);
	close(lowest);
	if (file < 0 || pthread_create(&thread, NULL, first_call, NULL))
		return GONE | FAILED;
	while (!goes)
		;
	for (volatile int i = 0; i < delay; i++)
		;
	dup2(file, lowest);
	pthread_join(thread, NULL);
	int gone = fcntl(lowest, F_GETFD) < 0;
	sends(); /* may tell of a message that came to nobody: ECONNREFUSED */
	return (gone ? GONE : 0) | (failed || !sends() ? FAILED : 0);
}

int main(int count, char **words)
{
	int gone = 0, without = 0, status;
	for (int i = 0; count > 2 && i < atoi(words[1]); i++) {
		pid_t child = fork();
		if (child == 0)
			_exit(try(words[2], i * 37 % 30000));
		while (waitpid(child, &status, 0) < 0)
			;
		gone += (WEXITSTATUS(status) & GONE) != 0;
		without += (WEXITSTATUS(status) & FAILED) != 0;
	}
	printf("gone %d failed %d\n", gone, without);
	return 0;
}
