/*
 * Processes that end in the midst of the calls that their threads make: dying KIND END TIMES [PATH]
 *
 *   KIND   send      20 kB to a UDP port of loopback
 *          unix      connect to the unix datagram socket PATH
 *          chmod     the mode of the file PATH
 *   END    exit, exec (of true), kill (by the parent)
 *
 * Three threads of each make the call without end, for some milliseconds. stdout: how many of so many ended as they should.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 3, BYTES = 20000, FEWEST_US = 1000, MORE_US = 3000 };

static const char *kind, *path;

static void send_datagram(void)
{
	static char bytes[BYTES];
	struct sockaddr_in to = { AF_INET, htons(9), { htonl(INADDR_LOOPBACK) }, { 0 } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	sendto(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&to, sizeof to);
	close(fd);
}

static void connect_unix(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	strncpy(to.sun_path, path, sizeof to.sun_path - 1);
	connect(fd, (struct sockaddr *)&to, sizeof to);
	close(fd);
}

static void *call_on(void *unused)
{
	for (;;) {
		if (strcmp(kind, "send") == 0)
			send_datagram();
		else if (strcmp(kind, "unix") == 0)
			connect_unix();
		else
			chmod(path, 0600);
	}
	return unused;
}

static _Noreturn void live(const char *end, useconds_t time)
{
	for (int i = 0; i < THREADS; i++) {
		pthread_t thread;
		pthread_create(&thread, NULL, call_on, NULL);
	}
	if (strcmp(end, "kill") == 0)
		for (;;)
			pause();
	usleep(time);
	if (strcmp(end, "exec") == 0)
		execl("/bin/true", "true", NULL);
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: dying send|unix|chmod exit|exec|kill TIMES [PATH]\n");
		return 2;
	}
	kind = argv[1];
	path = argc > 4 ? argv[4] : "";
	int times = atoi(argv[3]), good = 0;
	srand(1);
	for (int i = 0; i < times; i++) {
		useconds_t time = FEWEST_US + (useconds_t)(rand() % MORE_US);
		pid_t child = fork();
		if (child == 0)
			live(argv[2], time);
		int status, kills = strcmp(argv[2], "kill") == 0;
		if (kills) {
			usleep(time);
			kill(child, SIGKILL);
		}
		waitpid(child, &status, 0);
		good += kills ? WIFSIGNALED(status) : status == 0;
	}
	printf("%d of %d\n", good, times);
	return 0;
}
