/*
 * Receives the first socket from outside of the run while a call that was left to the firewall is held up, and puts it in the place of the
 * call's socket: late-outsider WAY ADDRESS PORT STOPS
 *
 *   WAY  outsider  a UDP-Lite socket connects, whose protocol no rule names
 *        confined  a UDP socket connects, of a process in a Landlock domain of its own; the rules allow that to UDP alone
 *
 * Descriptor 5 is a unix socket, in whose queue a TCP socket waits. The caller has real-time priorities (root): a thread with one takes the
 * processor of the connecting thread when that has been seen in so many stops. stdout: "reached 1" if the TCP socket was connected, and has
 * sent; else "reached 0". Exit 3: there is no Landlock here, or no such priorities.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { QUEUE = 5, NUMBER = 50, WARM_UPS = 2 };

static struct sockaddr_in to = { .sin_family = AF_INET };
static volatile int ready, watched, stopped, received, done, tid;

static long micros(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void be(int processor, int policy, int priority)
{
	struct sched_param param = { priority };
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	if (sched_setaffinity(0, sizeof set, &set) || sched_setscheduler(0, policy, &param))
		exit(3);
}

static void *hog(void *unused)
{
	struct timespec pause = { 0, 40000 };
	be(0, SCHED_FIFO, 5);
	for (long end = micros() + 3000000; !stopped && micros() < end;)
		nanosleep(&pause, NULL);
	for (long end = micros() + 120000; !received && micros() < end;)
		;
	return unused;
}

static void *connect_it(void *unused)
{
	be(0, SCHED_IDLE, 0);
	tid = (int)syscall(SYS_gettid);
	for (int i = 0; i < WARM_UPS; i++)
		connect(NUMBER, (struct sockaddr *)&to, sizeof to);
	ready = 1;
	while (!watched)
		;
	connect(NUMBER, (struct sockaddr *)&to, sizeof to);
	done = 1;
	return unused;
}

static char state(int stat)
{
	char text[256] = "";
	char *end = pread(stat, text, sizeof text - 1, 0) > 0 ? strrchr(text, ')') : NULL;
	return end ? end[2] : '?';
}

static void restrict_itself(void)
{
	unsigned long long handled = LANDLOCK_ACCESS_FS_MAKE_BLOCK;
	int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_landlock_restrict_self, rules, 0))
		exit(3);
}

static int receive(void)
{
	char byte, room[CMSG_SPACE(sizeof(int))];
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
	if (recvmsg(QUEUE, &message, MSG_DONTWAIT) < 1 || !CMSG_FIRSTHDR(&message))
		exit(2);
	return *(int *)CMSG_DATA(CMSG_FIRSTHDR(&message));
}

int main(int count, char **words)
{
	if (count != 5) {
		fprintf(stderr, "usage: late-outsider outsider|confined ADDRESS PORT STOPS\n");
		return 2;
	}
	int confined = !strcmp(words[1], "confined");
	inet_pton(AF_INET, words[2], &to.sin_addr);
	to.sin_port = htons((in_port_t)atoi(words[3]));
	be(1, SCHED_OTHER, 0);
	if (confined)
		restrict_itself();
	dup2(socket(AF_INET, SOCK_DGRAM, confined ? 0 : IPPROTO_UDPLITE), NUMBER);
	pthread_t thread;
	pthread_create(&thread, NULL, hog, NULL);
	pthread_create(&thread, NULL, connect_it, NULL);
	while (!ready)
		usleep(10);
	char name[64];
	snprintf(name, sizeof name, "/proc/self/task/%d/stat", tid);
	int stat = open(name, O_RDONLY);
	char before = 0;
	int stops = 0;
	watched = 1;
	for (long end = micros() + 1000000; stops < atoi(words[4]) && !done && micros() < end;) {
		char now = state(stat);
		stops += now == 't' && before != 't';
		before = now;
	}
	stopped = 1;
	for (long end = micros() + 100000; state(stat) != 'R' && micros() < end;)
		usleep(30);
	int outsider = receive();
	dup2(outsider, NUMBER);
	received = 1;
	for (int i = 0; i < 3000 && !done; i++)
		usleep(1000);
	printf("reached %d\n", send(outsider, "swapped", 7, MSG_NOSIGNAL) == 7);
	fflush(stdout);
	_exit(0);
}
