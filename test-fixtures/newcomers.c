/*
 * Processes that connect as soon as they are made, one after the other: newcomers WHO TIMES TARGET [PORT]
 *
 *   WHO     restricted  each asks for a Landlock domain first, in which nobody may connect by TCP
 *           made        each is made by one that is in such a domain
 *           beside      none is; one that was, was made before them, and has ended
 *           lines       likewise, and each first makes one that connects too
 *           siblings    as lines, but the one that each makes is a child of its maker's parent (CLONE_PARENT)
 *           together    a thread of theirs asked for all of its process (LANDLOCK_RESTRICT_SELF_TSYNC), and each is made by another one
 *   TARGET  an IPv4 address, with a PORT; or the path of a unix socket
 *
 * stdout: how many of their connects ended how, "40 connected" or "40 Permission denied". Exit 3: there is no such domain here.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NO_DOMAIN = 255, CONNECT_TCP = 2 /* LANDLOCK_ACCESS_NET_CONNECT_TCP, of ABI 4 */, TSYNC = 8 };

static struct sockaddr_storage to;
static socklen_t length;

static void restrict_with(int flags)
{
	unsigned long long handled[2] = { 0, CONNECT_TCP };
	int rules = (int)syscall(SYS_landlock_create_ruleset, handled, sizeof handled, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || (syscall(SYS_landlock_restrict_self, rules, flags) && !flags))
		_exit(NO_DOMAIN);
	close(rules);
}

static void restrict_itself(void)
{
	restrict_with(0);
}

/* If the kernel knows how. */
static void *restrict_all(void *unused)
{
	restrict_with(TSYNC);
	return unused;
}

/* -1: whichever is left. */
static int ended(pid_t child)
{
	int status;
	pid_t who = waitpid(child, &status, 0);
	if (who < 0 || (child > 0 && who != child) || !WIFEXITED(status))
		return NO_DOMAIN;
	return WEXITSTATUS(status);
}

enum others { NONE, CHILD, SIBLING };

static int connects(int restricted, enum others others)
{
	pid_t child = fork();
	if (child) {
		int its = ended(child), second = others == SIBLING ? ended(-1) : 0;
		return its ? its : second;
	}
	if (restricted)
		restrict_itself();
	pid_t other = others == CHILD ? fork() : others == SIBLING ? (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) : -1;
	int fd = socket(to.ss_family, SOCK_STREAM, 0);
	int outcome = connect(fd, (struct sockaddr *)&to, length) ? errno : 0;
	int its = other > 0 && others == CHILD ? ended(other) : 0;
	_exit(outcome ? outcome : its);
}

int main(int count, char **words)
{
	int outcomes[NO_DOMAIN + 1] = { 0 };
	if (count == 5) {
		struct sockaddr_in *in = (struct sockaddr_in *)&to;
		*in = (struct sockaddr_in){ AF_INET, htons((in_port_t)atoi(words[4])), { inet_addr(words[3]) }, { 0 } };
		length = sizeof *in;
	} else if (count == 4) {
		struct sockaddr_un *un = (struct sockaddr_un *)&to;
		un->sun_family = AF_UNIX;
		strncpy(un->sun_path, words[3], sizeof un->sun_path - 1);
		length = sizeof *un;
	} else {
		fprintf(stderr, "usage: newcomers restricted|made|beside|lines|siblings|together TIMES ADDRESS PORT|PATH\n");
		return 2;
	}
	if (strcmp(words[1], "made") == 0)
		restrict_itself();
	if (strcmp(words[1], "together") == 0) {
		pthread_t thread;
		pthread_create(&thread, NULL, restrict_all, NULL);
		pthread_join(thread, NULL);
	}
	enum others others = strcmp(words[1], "lines") == 0 ? CHILD : strcmp(words[1], "siblings") == 0 ? SIBLING : NONE;
	if (others != NONE || strcmp(words[1], "beside") == 0) {
		pid_t first = fork();
		if (!first) {
			restrict_itself();
			_exit(0);
		}
		outcomes[NO_DOMAIN] = ended(first);
	}
	for (int i = atoi(words[2]); i > 0; i--)
		outcomes[connects(strcmp(words[1], "restricted") == 0, others)]++;
	for (int i = 0; i < NO_DOMAIN; i++)
		if (outcomes[i])
			printf("%d %s\n", outcomes[i], i ? strerror(i) : "connected");
	return outcomes[NO_DOMAIN] ? 3 : 0;
}
