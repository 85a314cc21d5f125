/*
 * Stacks a seccomp filter of its own on the sandbox's, then sends to an address: filter-attack ACTION ON ADDRESS PORT
 *
 * ACTION: errno (EACCES), errno-0 (the call seems to succeed), eintr, restart (ERESTARTNOINTR), trap, trap-again (its handler makes
 *         the call once more), log, trace (with a forged cookie), notify (USER_NOTIF without a listener), listener (with
 *         NEW_LISTENER, which continues everything), tsync, spec-allow, kill, allow.
 * ON: the call the filter answers so: sendto, mmap, close, munmap; others: all but those that the program makes from then on, and munmap.
 * The first send is the process's first judged call; then the action's filter is in place from the start. Three sends are made.
 * stdout: for each a word: sent, or the name of the errno.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define OTHERS 0xffffffffu

static struct sockaddr_in to;
static int s, again, listener = -1;

static long send_one(void)
{
	return syscall(SYS_sendto, s, "x", 1, MSG_DONTWAIT, &to, sizeof to);
}

static void trapped(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	registers[REG_RAX] = -EINTR;
	if (again > 0 && again-- > 0)
		registers[REG_RAX] = send_one() < 0 ? -errno : 1;
}

static int install(unsigned nr, unsigned action, unsigned flags)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_filter list[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendto, 7, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 6, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_munmap, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof code / sizeof *code, code };
	if (nr == OTHERS)
		program = (struct sock_fprog){ sizeof list / sizeof *list, list };
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* Lets every call of which it is told go on, past any tracer. */
static void *wave_through(void *unused)
{
	struct seccomp_notif told;
	for (int i = 0; i < 3; i++) {
		memset(&told, 0, sizeof told);
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &told))
			break;
		struct seccomp_notif_resp answer = { told.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE };
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
	return unused;
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: filter-attack ACTION ON ADDRESS PORT\n");
		return 2;
	}
	const char *action = argv[1], *on = argv[2];
	to = (struct sockaddr_in){ AF_INET, htons((uint16_t)atoi(argv[4])), { inet_addr(argv[3]) }, { 0 } };
	s = socket(AF_INET, SOCK_DGRAM, 0);
	struct sigaction handler = { .sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_NODEFER };
	sigaction(SIGSYS, &handler, NULL);
	unsigned nr = !strcmp(on, "sendto") ? SYS_sendto : !strcmp(on, "mmap") ? SYS_mmap : !strcmp(on, "close") ? SYS_close
		: !strcmp(on, "munmap") ? SYS_munmap : OTHERS;
	static const struct {
		const char *name;
		unsigned action, flags;
	} ways[] = {
		{ "errno", SECCOMP_RET_ERRNO | EACCES, 0 }, { "errno-0", SECCOMP_RET_ERRNO, 0 },
		{ "eintr", SECCOMP_RET_ERRNO | EINTR, 0 }, { "restart", SECCOMP_RET_ERRNO | 513, 0 },
		{ "trap", SECCOMP_RET_TRAP, 0 }, { "trap-again", SECCOMP_RET_TRAP, 0 }, { "log", SECCOMP_RET_LOG, 0 },
		{ "trace", SECCOMP_RET_TRACE | 16, 0 }, { "notify", SECCOMP_RET_USER_NOTIF, 0 },
		{ "listener", SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER },
		{ "tsync", SECCOMP_RET_ALLOW, SECCOMP_FILTER_FLAG_TSYNC }, { "spec-allow", SECCOMP_RET_ALLOW, SECCOMP_FILTER_FLAG_SPEC_ALLOW },
		{ "kill", SECCOMP_RET_KILL_PROCESS, 0 }, { "allow", SECCOMP_RET_ALLOW, 0 },
	};
	again = !strcmp(action, "trap-again") ? 3 : 0;
	pthread_t thread;
	setvbuf(stdout, NULL, _IONBF, 0);
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		if (!strcmp(ways[i].name, action)) {
			int rc = install(nr, ways[i].action, ways[i].flags);
			if (rc < 0)
				printf("filter %s\n", strerrorname_np(errno));
			else if (ways[i].flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
				listener = rc;
		}
	if (listener >= 0)
		pthread_create(&thread, NULL, wave_through, NULL);
	for (int i = 0; i < 3; i++)
		printf("%s\n", send_one() < 0 ? strerrorname_np(errno) : "sent");
	return 0;
}
