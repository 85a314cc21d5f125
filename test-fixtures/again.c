/*
 * A call that waits and is interrupted: again MODE. A datagram to a unix socket whose queue is full; a child signals,
 * and then makes room.
 *
 *   restart   SA_RESTART: the kernel makes it again
 *   stop      SIGSTOP and SIGCONT, likewise
 *   eintr     no SA_RESTART: it is EINTR, and the program makes it again itself
 *   inside    SA_RESTART, and the handler makes another call of its own
 *   elsewhere SA_RESTART, and the handler changes the address
 *
 * stdout: "sent".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_un full = { AF_UNIX, "full" }, other = { AF_UNIX, "other" };
static int inside, elsewhere;

static void handler(int signal)
{
	(void)signal;
	if (elsewhere)
		strcpy(full.sun_path, other.sun_path);
	int s = inside ? socket(AF_UNIX, SOCK_DGRAM, 0) : -1;
	if (s >= 0) {
		sendto(s, "h", 1, 0, (struct sockaddr *)&other, sizeof other);
		close(s);
	}
}

static int receiver(struct sockaddr_un *at)
{
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);
	unlink(at->sun_path);
	if (bind(s, (struct sockaddr *)at, sizeof *at))
		perror("again: bind");
	return s;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	inside = !strcmp(argv[1], "inside");
	elsewhere = !strcmp(argv[1], "elsewhere");
	struct sigaction action = { .sa_handler = handler, .sa_flags = strcmp(argv[1], "eintr") ? SA_RESTART : 0 };
	sigaction(SIGUSR1, &action, NULL);
	int server = receiver(&full), reader = receiver(&other), filler = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (connect(filler, (struct sockaddr *)&full, sizeof full))
		perror("again: connect");
	while (send(filler, "f", 1, 0) == 1)
		continue;
	pid_t parent = getpid(), child = fork();
	if (!child) {
		for (int i = 0; i < 3; i++) {
			usleep(200000);
			if (!strcmp(argv[1], "stop")) {
				kill(parent, SIGSTOP);
				usleep(100000);
				kill(parent, SIGCONT);
			} else {
				kill(parent, SIGUSR1);
			}
		}
		usleep(200000);
		char byte;
		recv(server, &byte, 1, 0);
		_exit(0);
	}
	int sender = socket(AF_UNIX, SOCK_DGRAM, 0);
	long sent;
	do
		sent = sendto(sender, "m", 1, 0, (struct sockaddr *)&full, sizeof full);
	while (sent < 0 && errno == EINTR);
	puts(sent == 1 ? "sent" : strerror(errno));
	waitpid(child, NULL, 0);
	(void)reader;
	return 0;
}
