/*
 * Has a filter come to a call that the supervisor winds back, and makes again with signals blocked: left-blocked HOW TIMES
 *
 *   vault   a process's first sendmsg to a unix socket, while SIGUSR1 with a handler comes without end
 *   group   kill(0, SIGWINCH), to a group of forty besides; it needs a member of the group outside of the run
 *
 * Each time a new process makes the call over and over, until a filter refuses it (EACCES) that another thread puts on all (TSYNC) at some time.
 * stdout: "N of TIMES refused, N with signals blocked".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MEMBERS = 40, SIGNALS = 40, REFUSED = 1, BLOCKED = 2 };

static int group, delay;
static pthread_t caller;
static pthread_barrier_t ready;

static void spin(int rounds)
{
	for (volatile int i = 0; i < rounds; i++)
		continue;
}

static void *refuse(void *unused)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, group ? SYS_kill : SYS_sendmsg, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof code / sizeof *code, code };
	pthread_barrier_wait(&ready);
	if (group)
		usleep((useconds_t)delay % 9000);
	else
		spin(delay);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program))
		_exit(3);
	return unused;
}

static void *interrupt(void *unused)
{
	sigset_t all;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	pthread_barrier_wait(&ready);
	for (int i = 0; i < SIGNALS && !group; i++) {
		pthread_kill(caller, SIGUSR1);
		spin(3000);
	}
	return unused;
}

static void interrupted(int number)
{
	(void)number;
}

static int call(int s)
{
	struct sockaddr_un nobody = { AF_UNIX, "\0left-blocked" };
	struct iovec data = { "x", 1 };
	struct msghdr message = { &nobody, sizeof nobody, &data, 1, NULL, 0, 0 };
	return group ? kill(0, SIGWINCH) : (int)sendmsg(s, &message, 0);
}

static int try(void)
{
	pthread_t threads[2];
	sigset_t blocked;
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);
	caller = pthread_self();
	pthread_barrier_init(&ready, NULL, 3);
	pthread_create(&threads[0], NULL, refuse, NULL);
	pthread_create(&threads[1], NULL, interrupt, NULL);
	pthread_barrier_wait(&ready);
	while (call(s) == 0 || errno != EACCES)
		continue;
	pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	return sigisemptyset(&blocked) ? REFUSED : BLOCKED;
}

int main(int count, char **words)
{
	if (count != 3) {
		fprintf(stderr, "usage: left-blocked vault|group TIMES\n");
		return 2;
	}
	group = !strcmp(words[1], "group");
	int times = atoi(words[2]), ends[4] = { 0 }, status;
	pid_t members[MEMBERS];
	signal(SIGUSR1, interrupted);
	for (int i = 0; i < MEMBERS && group; i++)
		if (!(members[i] = fork())) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	for (int i = 0; i < times; i++) {
		delay = i * 7919 % 400000;
		pid_t child = fork();
		if (!child)
			_exit(try());
		waitpid(child, &status, 0);
		ends[WIFEXITED(status) ? WEXITSTATUS(status) & 3 : 0]++;
	}
	for (int i = 0; i < MEMBERS && group; i++)
		kill(members[i], SIGKILL);
	printf("%d of %d refused, %d with signals blocked\n", ends[REFUSED] + ends[BLOCKED], times, ends[BLOCKED]);
	return 0;
}
