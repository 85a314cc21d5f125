/*
 * What sends that are to connect (MSG_FASTOPEN) come to where nobody answers: fast-open-waits ADDRESS, which is loopback's
 *
 * The other side is a listener with a full backlog. stdout: of sendto(2) and of sendmsg(2), each through a signal whose handler has it go on
 * (SA_RESTART), a stop, and one whose handler ends it; of the same again on that socket, which connects by then; and of connect(2), and a send
 * after it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 4 };

static struct sockaddr_storage to;
static socklen_t length = sizeof to;
static volatile int signals;

static void on_alarm(int signal)
{
	(void)signal;
	struct sigaction ends = { .sa_handler = on_alarm };
	struct itimerval soon = { { 0, 300000 }, { 0, 300000 } }; /* again, should the call not be under way by then */
	if (signals++ == 0) {
		sigaction(SIGALRM, &ends, NULL);
		setitimer(ITIMER_REAL, &soon, NULL);
	}
}

static pid_t stops_us(void)
{
	pid_t parent = getpid(), child = fork();
	if (child == 0) {
		usleep(250000);
		kill(parent, SIGSTOP);
		usleep(50000);
		kill(parent, SIGCONT);
		_exit(0);
	}
	return child;
}

static void through_signals(const char *what, int fd)
{
	struct sigaction goes_on = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct itimerval soon = { { 0, 0 }, { 0, 150000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct iovec piece = { "x", 1 };
	struct msghdr message = { .msg_name = &to, .msg_namelen = length, .msg_iov = &piece, .msg_iovlen = 1 };
	signals = 0;
	sigaction(SIGALRM, &goes_on, NULL);
	pid_t other = stops_us();
	setitimer(ITIMER_REAL, &soon, NULL);
	int rc = strcmp(what, "sendto") == 0 ? (int)sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, length)
		: strcmp(what, "sendmsg") == 0 ? (int)sendmsg(fd, &message, MSG_FASTOPEN)
		: connect(fd, (struct sockaddr *)&to, length);
	int error = rc < 0 ? errno : 0;
	while (signals < 2)
		usleep(1000);
	setitimer(ITIMER_REAL, &never, NULL);
	while (waitpid(other, NULL, 0) < 0 && errno == EINTR)
		;
	printf("%s: %s\n", what, error ? strerrorname_np(error) : "done");
}

static int tcp(void)
{
	return socket(to.ss_family, SOCK_STREAM, 0);
}

int main(int argc, char **argv)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&to;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&to;
	if (argc != 2)
		return 2;
	to.ss_family = inet_pton(AF_INET, argv[1], &four->sin_addr) == 1 ? AF_INET : AF_INET6;
	if (to.ss_family == AF_INET6)
		inet_pton(AF_INET6, argv[1], &six->sin6_addr);
	length = to.ss_family == AF_INET ? sizeof *four : sizeof *six;
	int listener = tcp();
	if (bind(listener, (struct sockaddr *)&to, length) < 0 || listen(listener, 0) < 0)
		return 3;
	getsockname(listener, (struct sockaddr *)&to, &length);
	for (int i = 0; i < MANY; i++) {
		int filler = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(filler, (struct sockaddr *)&to, length);
	}
	usleep(100000);
	const char *ways[] = { "sendto", "sendmsg" };
	for (int i = 0; i < 2; i++) {
		int fd = tcp();
		through_signals(ways[i], fd);
		through_signals(ways[i], fd);
		close(fd);
	}
	int fd = tcp();
	through_signals("connect", fd);
	through_signals("sendto", fd);
	return 0;
}
