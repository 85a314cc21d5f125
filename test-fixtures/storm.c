/*
 * Makes one kind of judged call without end in a storm of signals: storm HOW CALL ADDRESS SECONDS
 *
 *   timer    SIGALRM every 200 us, to a handler that makes the same call and has no SA_RESTART
 *   threads  four threads make the calls, and send each other SIGUSR1
 *   stops    another process stops this one and lets it go on, again and again
 *   jumps    SIGALRM, and the handler leaves the call by siglongjmp
 *
 * CALL is connect (UDP), bind or sendto; ADDRESS an IPv4 address. None of these calls waits, so no signal has one fail. stdout: a line for each result that
 * was seen, by its errno, in order; and "signals" if there were some. What it counts goes to stderr if STORM_COUNTS is set.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ERRNOS = 1024, THREADS = 4 };

static atomic_long seen[ERRNOS], signals;
static struct sockaddr_in address = { .sin_family = AF_INET };
static const char *call;
static volatile int over;
static volatile sig_atomic_t jumping, ready;
static sigjmp_buf before;
static pthread_t threads[THREADS];
static pthread_barrier_t all;

static void make(int fd)
{
	int rc = -1, own = fd;
	if (!strcmp(call, "connect"))
		rc = connect(fd, (struct sockaddr *)&address, sizeof address);
	else if (!strcmp(call, "sendto"))
		rc = sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof address) == 1 ? 0 : -1;
	else {
		own = socket(AF_INET, SOCK_DGRAM, 0);
		rc = bind(own, (struct sockaddr *)&address, sizeof address);
	}
	int error = rc == 0 ? 0 : errno;
	seen[error < 0 || error >= ERRNOS ? ERRNOS - 1 : error]++;
	if (own != fd)
		close(own);
}

static void on_signal(int signal)
{
	(void)signal;
	int error = errno;
	signals++;
	if (jumping && ready) {
		ready = 0;
		siglongjmp(before, 1);
	}
	if (!jumping) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);
		make(fd);
		close(fd);
	}
	errno = error;
}

static void *caller(void *number)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	pthread_barrier_wait(&all); /* all have a name */
	for (long i = (long)number; !over; i++) {
		make(fd);
		pthread_kill(threads[i % THREADS], SIGUSR1);
	}
	close(fd);
	return NULL;
}

static pid_t stopper(int seconds)
{
	pid_t target = getpid(), child = fork();
	if (child == 0) {
		struct timespec moment = { 0, 200000 };
		time_t end = time(NULL) + seconds + 1;
		while (getppid() == target && time(NULL) < end) {
			kill(target, SIGSTOP);
			nanosleep(&moment, NULL);
			kill(target, SIGCONT);
			nanosleep(&moment, NULL);
		}
		kill(target, SIGCONT);
		_exit(0);
	}
	return child;
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	int seconds = atoi(argv[4]), fd = socket(AF_INET, SOCK_DGRAM, 0);
	const char *how = argv[1];
	call = argv[2];
	inet_pton(AF_INET, argv[3], &address.sin_addr);
	address.sin_port = htons(strcmp(call, "bind") ? 9 : 0);
	struct sigaction action = { .sa_handler = on_signal };
	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	time_t end = time(NULL) + seconds;
	volatile pid_t child = 0;
	if (!strcmp(how, "threads")) {
		pthread_barrier_init(&all, NULL, THREADS + 1);
		for (long i = 0; i < THREADS; i++)
			pthread_create(&threads[i], NULL, caller, (void *)i);
		pthread_barrier_wait(&all);
		sleep(seconds);
		over = 1;
		for (int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
	} else {
		struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };
		jumping = !strcmp(how, "jumps");
		if (!strcmp(how, "stops"))
			child = stopper(seconds);
		else
			setitimer(ITIMER_REAL, &often, NULL);
		while (time(NULL) < end)
			if (!jumping || !sigsetjmp(before, 1)) {
				ready = jumping;
				make(fd);
				ready = 0;
			}
		setitimer(ITIMER_REAL, &never, NULL);
	}
	for (int i = 0; i < ERRNOS; i++)
		if (seen[i])
			printf("%s\n", i == 0 ? "ok" : strerror(i));
	if (signals)
		printf("signals\n");
	if (getenv("STORM_COUNTS"))
		for (int i = 0; i < ERRNOS; i++)
			if (seen[i])
				fprintf(stderr, "%ld times errno %d, %ld signals\n", (long)seen[i], i, (long)signals);
	if (child > 0)
		waitpid(child, NULL, 0); /* its last word is SIGCONT */
	return 0;
}
