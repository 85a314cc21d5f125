/*
 * Processes whose first calls are judged while another one continues them (SIGCONT) without a pause: continued COUNT ADDRESS PORT
 *
 * Each has a vault brought for its connects, which takes calls in their place: that one was interrupted is no reason to deny them.
 * stdout: for each errno, how many connects ended with it, 0 being none.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 1000000

static pid_t continues(pid_t target, const volatile int *ready)
{
	pid_t child = fork();
	if (child == 0) {
		for (int i = 0; i < MOST && !*ready; i++)
			sched_yield();
		for (int i = 0; i < MOST && kill(target, SIGCONT) == 0; i++)
			;
		_exit(0);
	}
	return child;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[3])) };
	inet_pton(AF_INET, argv[2], &to.sin_addr);
	volatile int *ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int ended[256] = { 0 };
	for (int i = 0; i < atoi(argv[1]); i++) {
		*ready = 0;
		pid_t target = fork(), other;
		if (target == 0) {
			int fd = socket(AF_INET, SOCK_DGRAM, 0);
			syscall(SYS_landlock_restrict_self, -1, 0); /* in vain, but from now on it is one that the supervisor trusts less */
			*ready = 1;
			_exit(connect(fd, (struct sockaddr *)&to, sizeof to) < 0 ? errno : 0);
		}
		other = continues(target, ready);
		int status = 0;
		waitpid(target, &status, 0);
		ended[WIFEXITED(status) ? WEXITSTATUS(status) : 255]++;
		kill(other, SIGKILL);
		waitpid(other, NULL, 0);
	}
	for (int i = 0; i < 256; i++)
		if (ended[i])
			printf("%d: %d\n", i, ended[i]);
	return 0;
}
