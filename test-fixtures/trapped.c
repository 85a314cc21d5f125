/*
 * Has calls trapped (SIGSYS), by a seccomp filter of its own or by syscall user dispatch, and sends to an address:
 * trapped HANDLER CALL TIMES ADDRESS PORT
 *
 *   HANDLER  emulate: makes the call that was trapped, past the filter; kept: leaves the result as it finds it; a number: sets that
 *   CALL     munmap, mmap, close, vault: these three; sendmsg; dispatch: by user dispatch, all calls but the C library's; nothing
 *
 * Four threads, which are sent SIGUSR1 all the while, make TIMES calls each: sendto, sendmsg, sendmmsg and connect; where sendmsg is trapped,
 * sendmmsg alone. Where the handler emulates, each makes the trapped calls for itself before.
 * stdout: how many ended how, "40 done" or "40 EPERM"; "N of its own" calls were trapped, and "N others", of which it knows nothing.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { THREADS = 4, PAST = 0x5ec000 /* an offset, too */, MOST_ERRORS = 134 };

static struct sockaddr_in to;
static const char *way, *on;
static int times, outcomes[MOST_ERRORS], own, others, running = THREADS;
static pthread_barrier_t ready;
static __thread int in_own;
static __thread volatile char selector;

/* In the program's own text: what the C library calls is not dispatched. */
static long raw(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return result;
}

static void trapped(int number, siginfo_t *info, void *context)
{
	(void)number;
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	int kept = errno;
	selector = SYSCALL_DISPATCH_FILTER_ALLOW;
	__atomic_add_fetch(in_own ? &own : &others, 1, __ATOMIC_RELAXED);
	if (!strcmp(way, "emulate")) {
		long past = strcmp(on, "dispatch") ? PAST : r[REG_R9];
		long result = syscall(info->si_syscall, r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], past);
		r[REG_RAX] = result == -1 ? -errno : result;
	} else if (strcmp(way, "kept")) {
		r[REG_RAX] = atoi(way);
	}
	errno = kept;
}

static void interrupted(int number)
{
	(void)number;
}

static void install(int first, int second, int third)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, second, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, third, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PAST, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof code / sizeof *code, code };
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program))
		exit(3);
}

static void need(int done, const char *what)
{
	if (!done)
		printf("its own %s failed\n", what);
}

static void call_for_itself(void)
{
	in_own = 1;
	int all = !strcmp(on, "vault");
	if (all || !strcmp(on, "mmap")) {
		void *page = (void *)raw(SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		need((long)page > 0 && raw(SYS_munmap, (long)page, 4096, 0, 0, 0, 0) == 0, "mmap");
	} else if (!strcmp(on, "munmap")) {
		need(raw(SYS_munmap, 4096, 4096, 0, 0, 0, 0) == 0, "munmap");
	}
	if (all || !strcmp(on, "close")) {
		int copy = dup(0);
		need(copy >= 0 && raw(SYS_close, copy, 0, 0, 0, 0, 0) == 0 && raw(SYS_close, -1, 0, 0, 0, 0, 0) == -EBADF, "close");
	}
	in_own = 0;
}

static void *call(void *which)
{
	int kind = strcmp(on, "sendmsg") ? (int)(long)which : 2;
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	struct iovec data = { "x", 1 };
	struct mmsghdr many = { .msg_hdr = { &to, sizeof to, &data, 1, NULL, 0, 0 } };
	int dispatch = !strcmp(on, "dispatch");
	if (dispatch) {
		/* All of the C library is let pass. */
		unsigned long low = 0, high = 0, from, end;
		char line[400];
		FILE *maps = fopen("/proc/self/maps", "r");
		while (maps && fgets(line, sizeof line, maps))
			if (strstr(line, "libc.so") && sscanf(line, "%lx-%lx", &from, &end) == 2) {
				low = low ? low : from;
				high = end;
			}
		fclose(maps);
		if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, low, high - low, &selector))
			exit(3);
	}
	pthread_barrier_wait(&ready);
	for (int i = 0; i < times; i++) {
		if (!strcmp(way, "emulate") && !dispatch)
			call_for_itself();
		in_own = dispatch;
		selector = dispatch ? SYSCALL_DISPATCH_FILTER_BLOCK : SYSCALL_DISPATCH_FILTER_ALLOW;
		long result = kind == 0 ? raw(SYS_sendto, s, (long)"x", 1, 0, (long)&to, sizeof to)
			: kind == 1 ? raw(SYS_sendmsg, s, (long)&many.msg_hdr, 0, 0, 0, 0)
			: kind == 2 ? raw(SYS_sendmmsg, s, (long)&many, 1, 0, 0, 0)
			: raw(SYS_connect, s, (long)&to, sizeof to, 0, 0, 0);
		selector = SYSCALL_DISPATCH_FILTER_ALLOW;
		in_own = 0;
		__atomic_add_fetch(&outcomes[result < 0 && result > -MOST_ERRORS ? -result : 0], 1, __ATOMIC_RELAXED);
	}
	__atomic_sub_fetch(&running, 1, __ATOMIC_RELEASE);
	return NULL;
}

int main(int count, char **words)
{
	if (count != 6) {
		fprintf(stderr, "usage: trapped HANDLER CALL TIMES ADDRESS PORT\n");
		return 2;
	}
	way = words[1];
	on = words[2];
	times = atoi(words[3]);
	to = (struct sockaddr_in){ AF_INET, htons((in_port_t)atoi(words[5])), { inet_addr(words[4]) }, { 0 } };
	struct sigaction action = { .sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_NODEFER };
	sigaction(SIGSYS, &action, NULL);
	signal(SIGUSR1, interrupted);
	setvbuf(stdout, NULL, _IONBF, 0);
	pthread_t threads[THREADS];
	int nr = !strcmp(on, "munmap") ? SYS_munmap : !strcmp(on, "mmap") ? SYS_mmap : !strcmp(on, "close") ? SYS_close : SYS_sendmsg;
	pthread_barrier_init(&ready, NULL, THREADS + 1);
	for (long i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, call, (void *)i);
	if (!strcmp(on, "vault"))
		install(SYS_munmap, SYS_mmap, SYS_close);
	else if (strcmp(on, "dispatch") && strcmp(on, "nothing"))
		install(nr, nr, nr);
	pthread_barrier_wait(&ready);
	while (__atomic_load_n(&running, __ATOMIC_ACQUIRE)) {
		for (int i = 0; i < THREADS; i++)
			pthread_kill(threads[i], SIGUSR1);
		usleep(1);
	}
	for (int i = 0; i < MOST_ERRORS; i++)
		if (outcomes[i])
			printf("%d %s\n", outcomes[i], i ? strerrorname_np(i) : "done");
	printf("%d of its own\n%d others\n", own, others);
	_exit(0);
}
