/*
 * Has a connection begin, and puts others in its place before it is judged again: swap-begun MILLIS SILENT PORT ADDRESS PORT
 *
 *   SILENT may be connected to by TCP, and does not answer; ADDRESS by UDP alone.
 *
 * A thread waits until a TCP socket connects to SILENT, then writes ADDRESS, puts a UDP socket under the number for the judge, and then
 * a fresh TCP socket for the kernel. Each try is a process of its own. stdout: "reached N", how often that one came to have another side.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NUMBER = 52, ESTABLISHED = 1, CLOSED = 7, MOST_LOOKS = 20000, MOST_REACHED = 20 };

struct shared {
	int reached;
	unsigned wait; /* between the two swaps: found by trying, so that the judge sees the one and the kernel the other */
};

static struct sockaddr_in silent = { .sin_family = AF_INET }, denied = { .sin_family = AF_INET }, to;
static struct shared *shared;
static int waits, datagrams, fresh;
static volatile int go;

static void spin(unsigned times)
{
	for (volatile unsigned i = times; i; i--)
		;
}

static int state(int fd)
{
	struct tcp_info info = { .tcpi_state = 0 };
	socklen_t length = sizeof info;
	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
	return info.tcpi_state;
}

static void *swap(void *first)
{
	while (!go)
		;
	for (int i = 0; i < MOST_LOOKS && state(waits) == CLOSED; i++)
		;
	spin(*(unsigned *)first);
	to = denied;
	dup2(datagrams, NUMBER);
	spin(shared->wait / 2 + (unsigned)rand() % (shared->wait + 1));
	dup2(fresh, NUMBER);
	return NULL;
}

static int stream(void)
{
	struct timeval limit = { .tv_usec = 4000 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	return fd;
}

static void attempt(unsigned seed)
{
	pthread_t swapper;
	srand(seed);
	unsigned first = (unsigned)rand() % 3000;
	pthread_create(&swapper, NULL, swap, &first);
	waits = stream();
	fresh = stream();
	datagrams = socket(AF_INET, SOCK_DGRAM, 0);
	dup2(waits, NUMBER);
	to = silent;
	go = 1;
	int result = connect(NUMBER, (struct sockaddr *)&to, sizeof to), error = errno;
	pthread_join(swapper, NULL);
	int reached = state(fresh) == ESTABLISHED && send(fresh, "swapped", 7, MSG_NOSIGNAL) == 7;
	shared->reached += reached;
	if (result < 0 && error == EPERM && shared->wait < 800000)
		shared->wait += shared->wait / 16 + 1; /* judged when the fresh one was there already */
	else if (result == 0 && !reached && shared->wait > 2000)
		shared->wait -= shared->wait / 16; /* the kernel found the datagram socket */
	_exit(0);
}

static long millis(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int count, char **words)
{
	if (count != 6) {
		fprintf(stderr, "usage: swap-begun MILLIS SILENT PORT ADDRESS PORT\n");
		return 2;
	}
	inet_pton(AF_INET, words[2], &silent.sin_addr);
	silent.sin_port = htons((in_port_t)atoi(words[3]));
	inet_pton(AF_INET, words[4], &denied.sin_addr);
	denied.sin_port = htons((in_port_t)atoi(words[5]));
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	shared->wait = 40000;
	long end = millis() + atoi(words[1]);
	for (unsigned seed = 1; millis() < end && shared->reached < MOST_REACHED; seed++) {
		pid_t child = fork();
		if (child == 0)
			attempt(seed);
		waitpid(child, NULL, 0);
	}
	printf("reached %d\n", shared->reached);
	return 0;
}
