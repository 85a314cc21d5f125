/*
 * Ends the process while a thread makes a connect that shows what its last one was for: held-denial ADDRESS PORT NANOSECONDS
 *
 * The thread connects a UDP socket there, which may be held back as a name's order would be, and again, which shows that it was none. The
 * first thread makes exit_group(2) that long after the first connect has returned. stdout: nothing.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in to = { .sin_family = AF_INET };
static volatile int returned;

static void *connect_twice(void *unused)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	connect(fd, (struct sockaddr *)&to, sizeof to);
	returned = 1;
	connect(fd, (struct sockaddr *)&to, sizeof to);
	return unused;
}

static long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000L + time.tv_nsec;
}

int main(int argc, char **argv)
{
	if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		return 2;
	to.sin_port = htons(atoi(argv[2]));
	pthread_t thread;
	pthread_create(&thread, NULL, connect_twice, NULL);
	while (!returned)
		;
	for (long end = now() + atol(argv[3]); now() < end;)
		;
	syscall(SYS_exit_group, 0);
}
