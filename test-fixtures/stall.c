/*
 * Tries to have the supervisor wait, and so everything that it supervises: stall flip|linger|closing|queue|deadline|shut|spin SECONDS
 *
 *   flip      a thread takes O_NONBLOCK from sockets, again and again, while another connects them to a listener that does not answer
 *   linger    a thread closes a socket that lingers, with data that nobody takes, while another connects it once more
 *   closing   the same in the very moment in which it is looked at, again and again
 *   queue     the same of a unix socket on which it receives, and in whose queue such a socket waits
 *   deadline  processes connect to a listener that does not answer, for 20 ms each time
 *   shut      the same without a limit, while a thread of each shuts the sockets down
 *   spin      processes make judged calls without end
 *
 * All on loopback. Beside it a process makes calls that are judged, one a millisecond. stdout: "tried", and "stalled" if one of those took
 * longer than PATIENCE_MS (the waits of flip and linger would take a minute), or fewer than FEWEST_BEATS were made, or most of them were
 * answered after MANY of spin's.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FEWEST_BEATS = 20, ATTACKERS = 3, PATIENCE_MS = 8000, ATTEMPT_MS = 100, LINGER_SECONDS = 60, SPINNERS = 8, MANY = 1000,
       FEW_BYTES = 1 /* the kernel takes its least */ };

static struct sockaddr_in peer = { AF_INET, 0, { 0 }, { 0 } };
static int listener;
static volatile int target = -1, *over, *beats, *late; /* late: those beats that were answered after many */
static atomic_long *spins;

static long long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int connect_it(int fd)
{
	return connect(fd, (struct sockaddr *)&peer, sizeof peer);
}

static void nothing(int signal)
{
	(void)signal;
}

static void *take_flag(void *unused)
{
	while (!*over)
		if (target >= 0)
			fcntl(target, F_SETFL, 0);
	return unused;
}

static void fill_queue(void)
{
	for (int i = 0; i < 4; i++) { /* kept open: the queue is full from now on */
		connect_it(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
		usleep(5000);
	}
}

static void flip(long long end)
{
	fill_queue();
	struct sigaction action = { .sa_handler = nothing }; /* what waits in earnest is interrupted */
	sigaction(SIGALRM, &action, NULL);
	struct itimerval often = { { 0, 3000 }, { 0, 3000 } };
	setitimer(ITIMER_REAL, &often, NULL);
	pthread_t thread;
	pthread_create(&thread, NULL, take_flag, NULL);
	for (int blocks = 0; now_ms() < end; blocks = !blocks) {
		int fd = socket(AF_INET, SOCK_STREAM | (blocks ? 0 : SOCK_NONBLOCK), 0);
		target = fd;
		connect_it(fd);
		target = -1;
		close(fd);
	}
}

/* From now on whoever closes it last waits for a peer that takes nothing. It is left nonblocking. */
static void fill(int fd)
{
	static char data[1 << 16];
	struct linger waits = { 1, LINGER_SECONDS };
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (write(fd, data, sizeof data) > 0)
		continue;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &waits, sizeof waits);
}

static void *close_it(void *delay)
{
	for (volatile long i = (long)delay; i > 0; i--)
		continue;
	close(target);
	return NULL;
}

static void linger_once(long delay)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	connect_it(fd);
	fill(fd);
	target = fd;
	pthread_t thread;
	pthread_create(&thread, NULL, close_it, (void *)delay);
	for (int i = 0; i < 300; i++)
		connect_it(fd);
	_exit(0);
}

static void attempt(long delay)
{
	pid_t child = fork();
	if (child == 0)
		linger_once(delay);
	for (long long end = now_ms() + ATTEMPT_MS; waitpid(child, NULL, WNOHANG) == 0; usleep(1000))
		if (now_ms() > end) { /* it waits itself */
			kill(child, SIGKILL);
			waitpid(child, NULL, 0);
			return;
		}
}

static void linger(long long end)
{
	for (long delay = 0; now_ms() < end; delay += 997) {
		attempt(delay % 200000);
		close(accept(listener, NULL, NULL));
	}
}

static atomic_int round, done;

/* Whichever thread closes it in the end would wait: a signal of its own interrupts it. */
static void interrupt_often(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM, ._sigev_un._tid = gettid() };
	struct itimerspec often = { { 0, 300000 }, { 0, 300000 } };
	timer_t timer;
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &often, NULL);
}

static void *close_each(void *unused)
{
	interrupt_often();
	for (int seen = 0; !*over; seen++) {
		while (round == seen && !*over)
			continue;
		for (volatile long i = (seen * 37) % 30000; i > 0; i--)
			continue;
		close(target);
		done = seen + 1;
	}
	return unused;
}

/* A thread that closes the target of each round: the one in which round is i + 1 is over when done is. */
static pthread_t begin_closing(void)
{
	pthread_t thread;
	struct sigaction action = { .sa_handler = nothing };
	sigaction(SIGALRM, &action, NULL);
	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &(int){ FEW_BYTES }, sizeof(int));
	pthread_create(&thread, NULL, close_each, NULL);
	interrupt_often();
	return thread;
}

static void end_closing(pthread_t thread)
{
	*over = 1;
	pthread_join(thread, NULL);
}

/* A connection that lingers and holds little: it is filled soon. Signals interrupt connect(2) and accept(2). */
static int connect_full(int *server)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){ FEW_BYTES }, sizeof(int));
	while (connect_it(fd) < 0 && errno != EISCONN)
		continue;
	while ((*server = accept(listener, NULL, NULL)) < 0)
		continue;
	fill(fd);
	return fd;
}

static void closing(long long end)
{
	pthread_t thread = begin_closing();
	for (int i = 0; now_ms() < end; i++) {
		int server, fd = connect_full(&server);
		target = fd;
		round = i + 1;
		while (done != i + 1)
			connect_it(fd);
		close(server);
	}
	end_closing(thread);
}

/* Both ends of a connection: neither is anybody's any more, and so nobody's end closes the other side. */
static void send_both(int to, int one, int other)
{
	struct iovec byte = { "x", 1 };
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr header;
	} control = { .header = { .cmsg_len = CMSG_LEN(2 * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes };
	memcpy(CMSG_DATA(&control.header), (int[]){ one, other }, 2 * sizeof(int));
	sendmsg(to, &message, 0);
}

static void queue(long long end)
{
	char byte, room[CMSG_SPACE(2 * sizeof(int))];
	struct iovec into = { &byte, 1 };
	pthread_t thread = begin_closing();
	for (int i = 0; now_ms() < end; i++) {
		int pair[2], server, fd = connect_full(&server);
		fcntl(fd, F_SETFL, 0);
		socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
		send_both(pair[0], fd, server);
		close(fd);
		close(server);
		target = pair[1];
		round = i + 1;
		struct msghdr message = { .msg_iov = &into, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
		recvmsg(pair[1], &message, MSG_OOB); /* nothing comes: it is looked at, and that is all */
		while (done != i + 1)
			continue;
		close(pair[0]);
	}
	end_closing(thread);
}

/* Until its process ends: the last connect(2) may begin when all is over. */
static void *shut(void *unused)
{
	for (;;) {
		usleep(15000);
		shutdown(target, SHUT_RDWR);
	}
	return unused;
}

static void wait_often(int shuts, long long end)
{
	struct timeval deadline = { 0, 20000 };
	fill_queue();
	for (int i = 0; i < ATTACKERS; i++) {
		if (fork() != 0)
			continue;
		pthread_t thread;
		if (shuts)
			pthread_create(&thread, NULL, shut, NULL);
		while (!*over && now_ms() < end) {
			int fd = socket(AF_INET, SOCK_STREAM, 0);
			if (!shuts)
				setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
			target = fd;
			connect_it(fd);
			close(fd);
		}
		_exit(0);
	}
	while (now_ms() < end)
		usleep(10000);
	if (*beats < FEWEST_BEATS)
		puts("stalled");
}

static void spin(long long end)
{
	for (int i = 0; i < SPINNERS; i++) {
		if (fork() != 0)
			continue;
		int fd = socket(AF_INET, SOCK_DGRAM, 0);
		while (!*over && now_ms() < end) {
			connect_it(fd);
			++*spins;
		}
		_exit(0);
	}
	while (now_ms() < end)
		usleep(10000);
	if (*beats < FEWEST_BEATS || 2 * *late > *beats)
		puts("stalled");
}

static void beat(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	while (!*over) {
		long long start = now_ms();
		long before = *spins;
		connect_it(fd);
		++*beats;
		*late += *spins - before > MANY;
		if (now_ms() - start > PATIENCE_MS) {
			puts("stalled");
			fflush(stdout);
			_exit(1);
		}
		usleep(1000);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: stall flip|linger|closing|queue|deadline|shut|spin SECONDS\n");
		return 2;
	}
	spins = mmap(NULL, sizeof *spins + 3 * sizeof *over, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	over = (volatile int *)(spins + 1);
	beats = over + 1;
	late = over + 2;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t length = sizeof peer;
	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&peer, length) || getsockname(listener, (struct sockaddr *)&peer, &length) || listen(listener, 0)) {
		perror("stall");
		return 2;
	}
	if (fork() == 0)
		beat();
	long long end = now_ms() + 1000 * atol(argv[2]);
	if (strcmp(argv[1], "flip") == 0)
		flip(end);
	else if (strcmp(argv[1], "linger") == 0)
		linger(end);
	else if (strcmp(argv[1], "closing") == 0)
		closing(end);
	else if (strcmp(argv[1], "queue") == 0)
		queue(end);
	else if (strcmp(argv[1], "spin") == 0)
		spin(end);
	else
		wait_often(strcmp(argv[1], "shut") == 0, end);
	*over = 1;
	while (wait(NULL) > 0)
		continue;
	puts("tried");
	return 0;
}
