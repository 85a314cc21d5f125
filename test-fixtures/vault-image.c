/*
 * Becomes a program whose own, writable memory lies where the vault was: vault-image HOW PROGRAM ALLOWED FORBIDDEN PORT
 *
 * PROGRAM is this one, linked with its section .place there (-DPLACE -no-pie -fno-pie -mcmodel=large -Wl,--section-start=.place=ADDRESS). It fills the section with the address FORBIDDEN and sends more to ALLOWED, which must be this
 * machine's own, than the supervisor sends itself: were the vault taken to be there still, the kernel would read FORBIDDEN.
 *
 *   now       PROGRAM is executed at once
 *   called    after such a call, and so: it has the vault
 *   child     by a child of the caller      vforked   by a child that has called itself, and shares the memory
 *   thread    by a thread that was there before the call, another one's
 *   called-thread    by the first thread, after another's call
 *   forged    after a call, with what /proc/PID/maps said of the vault mounted over that file; the caller may mount
 *   stopped   after a call and a SIGSTOP, continued by a child
 *   caught    after a call that a SIGSTOP may have caught while the vault was being mapped, many times
 *
 * stdout: what became of PROGRAM's call.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 20000, VAULT_BYTES = 4 << 20, ROUNDS = 50 };
static char content[MANY];
static char **words;
static int called, go;

#ifdef PLACE
/* all names of the vault's slots may be read from here */
__attribute__((section(".place"))) static volatile struct sockaddr_in place[VAULT_BYTES / sizeof(struct sockaddr_in)] = { { .sin_family = AF_INET } };
#endif

static struct sockaddr_in address(const char *host)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(atoi(words[5])) };
	inet_pton(AF_INET, host, &name.sin_addr);
	return name;
}

static int send_many(void)
{
	struct sockaddr_in name = address(words[3]);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int answer = sendto(fd, content, sizeof content, 0, (struct sockaddr *)&name, sizeof name) < 0 ? errno : 0;
	close(fd);
	return answer;
}

static int become(void)
{
	execl(words[2], words[2], "there", words[2], words[3], words[4], words[5], NULL);
	perror("execl");
	_exit(2);
}

static int wait_for(pid_t child)
{
	int status = 1;
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

static void *execute(void *unused)
{
	while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
		usleep(1000);
	become();
	return unused;
}

static void *call(void *unused)
{
	called = send_many();
	return unused;
}

static pid_t continued(void)
{
	pid_t parent = getpid(), child = fork();
	if (child == 0) {
		usleep(30000);
		kill(parent, SIGCONT);
		_exit(0);
	}
	return child;
}

/* The line by which the supervisor would know the vault, over the file that it is looked for in. */
static int forge(void)
{
	char line[4096], path[64], name[] = "/tmp/forged-maps-XXXXXX";
	int fd = mkstemp(name);
	FILE *maps = fopen("/proc/self/maps", "r"), *forged = fdopen(fd, "w");
	while (maps != NULL && forged != NULL && fgets(line, sizeof line, maps) != NULL)
		if (strstr(line, "552a00000000-") == line)
			fputs(line, forged);
	if (maps == NULL || forged == NULL || fclose(forged) != 0)
		return 0;
	snprintf(path, sizeof path, "/proc/%d/maps", getpid());
	int rc = mount(name, path, NULL, MS_BIND, NULL);
	unlink(name);
	return rc == 0;
}

static int caught(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		pid_t child = fork();
		if (child == 0) {
			send_many();
			become();
		}
		usleep(20 * i);
		kill(child, SIGSTOP);
		usleep(100);
		kill(child, SIGCONT);
		if (wait_for(child))
			return 2;
	}
	return 0;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	words = argv;
	if (argc != 6)
		return 2;
	signal(SIGALRM, SIG_DFL);
	alarm(50);
#ifdef PLACE
	struct sockaddr_in name = address(words[4]);
	for (size_t i = 0; i < sizeof place / sizeof *place; i++)
		place[i] = name;
	int answer = send_many();
	puts(answer ? strerrorname_np(answer) : "sent");
	return 0;
#endif
	const char *how = argv[1];
	if (!strcmp(how, "now"))
		return become();
	if (!strcmp(how, "caught"))
		return caught();
	if (!strcmp(how, "vforked")) {
		pid_t child = vfork();
		if (child == 0) {
			send_many();
			become();
		}
		return wait_for(child);
	}
	if (!strcmp(how, "called-thread")) {
		pthread_create(&thread, NULL, call, NULL);
		pthread_join(thread, NULL);
		return called ? 2 : become();
	}
	if (!strcmp(how, "thread"))
		pthread_create(&thread, NULL, execute, NULL);
	called = send_many();
	if (called)
		return 2;
	if (!strcmp(how, "forged") && !forge())
		return 2;
	if (!strcmp(how, "thread")) {
		__atomic_store_n(&go, 1, __ATOMIC_RELEASE);
		for (;;)
			pause();
	}
	if (!strcmp(how, "child")) {
		pid_t child = fork();
		return child == 0 ? become() : wait_for(child);
	}
	if (!strcmp(how, "stopped")) {
		pid_t child = continued();
		raise(SIGSTOP);
		wait_for(child);
	}
	return become();
}
