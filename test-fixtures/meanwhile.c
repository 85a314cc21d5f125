/*
 * What one thread does while a call of another waits. Says how the call ended, then "alive".
 *
 * meanwhile reuse ADDRESS: the call is a TCP connect; the socket is closed, and a UDP socket gets its number.
 * meanwhile undump|unmap|undump-in-vain: the call is a recvmsg with room for descriptors; the process makes its memory unreadable, or unmaps that
 *     room. Then comes a message or, in vain, none.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int ends[2], target;
static struct sockaddr_in to = { .sin_family = AF_INET };
static void *room;
enum { ROOM = 4096 };

static void ended(const char *call, long result)
{
	printf("%s %s\n", call, result < 0 ? strerrorname_np(errno) : "ok");
	fflush(stdout);
}

static void *connecting(void *unused)
{
	ended("connect", connect(target, (struct sockaddr *)&to, sizeof to));
	return unused;
}

static void *receiving(void *unused)
{
	char byte[10];
	struct iovec part = { byte, sizeof byte };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = ROOM };
	ended("recvmsg", recvmsg(ends[0], &message, 0));
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	if (argc < 2)
		return 2;
	if (!strcmp(argv[1], "reuse")) {
		to.sin_port = htons(9);
		to.sin_addr.s_addr = inet_addr(argv[2]);
		target = socket(AF_INET, SOCK_STREAM, 0);
		pthread_create(&thread, NULL, connecting, NULL);
		usleep(500000);
		close(target);
		if (socket(AF_INET, SOCK_DGRAM, 0) != target)
			return 2;
	} else {
		room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (room == MAP_FAILED || socketpair(AF_UNIX, SOCK_DGRAM, 0, ends))
			return 2;
		if (!strcmp(argv[1], "undump-in-vain"))
			setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ 1, 0 }, sizeof(struct timeval));
		pthread_create(&thread, NULL, receiving, NULL);
		usleep(500000);
		if (argv[1][2] == 'm' ? munmap(room, ROOM) : prctl(PR_SET_DUMPABLE, 0))
			return 2;
		if (strcmp(argv[1], "undump-in-vain") && write(ends[1], "hi", 2) != 2)
			return 2;
	}
	pthread_join(thread, NULL);
	puts("alive");
	return 0;
}
