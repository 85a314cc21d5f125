/*
 * Ways out of being supervised, each followed by a datagram to an address: process-attack HOW ADDRESS PORT
 *
 * stdout: "sent", or the name of the errno of the send; before it, where there is something to tell, a line of what HOW brought.
 * HOW:
 *   untraced, untraced-vm, clone3, clone-vm, clone3-user, clone-user, vfork: a child of that kind sends; untraced-thread: a thread
 *   daemon: a grandchild sends, half a second after all others have ended
 *   exec-thread, exec-thread-busy: a thread that is not the leader executes this program, while another one connects and connects
 *   undumpable, anyone-may-trace, readable-executable, dispatch, unshare-user, unshare-mount, unshare-files: done to itself, then sends
 *   setuid: says the effective user, then sends by a raw socket (this program being set-user-id root)
 *   step: sends with the trap flag set, so that every instruction raises SIGTRAP
 *   storm: sends a thousand times while an interval timer raises signals, whose handler sends too, and jumps out
 *   killed-thread: a thousand threads that send are killed by the death of their process in the middle
 *   traced-by-parent: a vfork child asks its parent to trace it (PTRACE_TRACEME), then sends
 *   number-again: a child that sends gets the number of one that did and has ended (ns_last_pid: root's)
 *   locked, sealed, placed: sends to a unix socket; mlock, mseal or mbind of one page of the vault; a child sends to the socket
 *   secret: the address lies in memory that nobody else can read (memfd_secret)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PR_SET_PTRACER
#define PR_SET_PTRACER 0x59616d61
#endif

static struct sockaddr_in to;
static char **words;

static int send_one(void)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = sendto(s, "x", 1, 0, (struct sockaddr *)&to, sizeof to) < 0 ? errno : 0;
	close(s);
	return rc;
}

static int tell(int error)
{
	printf("%s\n", error ? strerrorname_np(error) : "sent");
	return 0;
}

static volatile int answer;

static int sends_in_our_memory(void *unused)
{
	(void)unused;
	answer = send_one() | 1 << 30;
	return 0;
}

/* The child's answer is its exit status, where it does not share our memory. */
static int child_sends(unsigned long long flags, int by_clone3)
{
	struct clone_args arguments = { .flags = flags, .exit_signal = SIGCHLD };
	pid_t child;
	if (flags & CLONE_VM) {
		char *stack = mmap(NULL, 65536, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		child = clone(sends_in_our_memory, stack + 65536, (int)flags | SIGCHLD, NULL);
	} else if (by_clone3) {
		child = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
	} else {
		child = (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
	}
	if (child < 0)
		return errno;
	if (child == 0)
		_exit(send_one());
	int status = 0;
	waitpid(child, &status, __WALL);
	return answer ? answer & 0xffff : WEXITSTATUS(status);
}

/* Its program would take the place of this process, and nobody would hear of that. */
static int untraced_thread(void)
{
	char *stack = mmap(NULL, 65536, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_UNTRACED;
	if (clone(sends_in_our_memory, stack + 65536, flags, NULL) < 0)
		return errno;
	while (!answer)
		usleep(1000);
	return answer & 0xffff;
}

static void *execute(void *unused)
{
	usleep(20000);
	execl("/proc/self/exe", "process-attack", "plain", words[2], words[3], NULL);
	return unused;
}

static void *keep_connecting(void *unused)
{
	for (;;)
		send_one();
	return unused;
}

static int by_thread(int busy)
{
	pthread_t thread;
	pthread_create(&thread, NULL, execute, NULL);
	for (int i = 0; i < 3 * busy; i++)
		pthread_create(&thread, NULL, keep_connecting, NULL);
	if (busy)
		keep_connecting(NULL);
	pause();
	return 2;
}

static volatile int in_handler, sent_there;
static sigjmp_buf out;

static void nested(int unused)
{
	(void)unused;
	sent_there += !send_one();
	if (++in_handler % 3 == 0)
		siglongjmp(out, 1);
}

static int storm(void)
{
	volatile int sent = 0;
	struct itimerval often = { { 0, 300 }, { 0, 300 } }, never = { { 0, 0 }, { 0, 0 } };
	signal(SIGALRM, nested);
	syscall(SYS_landlock_restrict_self, -1, 0); /* in vain, but the supervisor makes no more calls in our place */
	for (volatile int i = 0; i < 1000; i++) {
		if (!sigsetjmp(out, 1)) { /* before the first signal: its handler may well be the third in a row to run */
			setitimer(ITIMER_REAL, &often, NULL);
			sent += !send_one();
		}
		setitimer(ITIMER_REAL, &never, NULL);
		if (i % 50 == 0 && fork() == 0) /* a new address space gets its vault under fire */
			execl("/proc/self/exe", "process-attack", "storm-once", words[2], words[3], NULL);
	}
	while (wait(NULL) > 0)
		;
	return sent || sent_there ? 0 : EPERM;
}

static void stepped(int unused)
{
	(void)unused;
}

static int step(void)
{
	signal(SIGTRAP, stepped);
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	long rc;
	register long r10 __asm__("r10") = 0;
	register void *r8 __asm__("r8") = &to;
	register long r9 __asm__("r9") = sizeof to;
	__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; syscall; nop; pushfq; andq $~0x100, (%%rsp); popfq"
		: "=a"(rc) : "a"(SYS_sendto), "D"((long)s), "S"("x"), "d"(1L), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory", "cc");
	return rc < 0 ? (int)-rc : 0;
}

static int killed_threads(void)
{
	for (int i = 0; i < 100; i++) {
		pid_t child = fork();
		if (child == 0) {
			pthread_t thread;
			for (int t = 0; t < 10; t++)
				pthread_create(&thread, NULL, keep_connecting, NULL);
			pause();
		}
		usleep(3000);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return send_one();
}

static int secret(void)
{
	int memory = (int)syscall(SYS_memfd_secret, 0);
	struct sockaddr_in *hidden = memory < 0 || ftruncate(memory, 4096) ? MAP_FAILED : mmap(NULL, 4096, 3, MAP_SHARED, memory, 0);
	if (hidden == MAP_FAILED)
		return errno;
	*hidden = to;
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	return sendto(s, "x", 1, 0, (struct sockaddr *)hidden, sizeof *hidden) < 0 ? errno : 0;
}

/* A vfork child shares our memory. */
static int traced_by_parent(void)
{
	pid_t child = vfork();
	if (child == 0) {
		answer = ptrace(PTRACE_TRACEME, 0, 0, 0) ? errno : 0;
		_exit(send_one());
	}
	int status = 0;
	while (waitpid(child, &status, __WALL) == child && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, child, 0, 0);
	printf("PTRACE_TRACEME %s\n", answer ? strerrorname_np(answer) : "ok");
	return WEXITSTATUS(status);
}

static int number_again(void)
{
	int status = 0;
	pid_t first = fork();
	if (first == 0)
		_exit(send_one());
	waitpid(first, NULL, 0);
	pid_t child = -1;
	for (int i = 0; i < 200 && child != first; i++) {
		int last = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
		dprintf(last, "%d", first - 1);
		close(last);
		child = fork();
		if (child == 0)
			_exit(getpid() == first ? send_one() : 0);
		if (child != first)
			waitpid(child, NULL, 0);
	}
	printf("%s\n", child == first ? "the same" : "another");
	fflush(stdout);
	waitpid(child, &status, __WALL);
	return WEXITSTATUS(status);
}

static int send_to_itself(int s)
{
	struct sockaddr_un own;
	socklen_t length = sizeof own;
	getsockname(s, (struct sockaddr *)&own, &length);
	return sendto(s, "x", 1, 0, (struct sockaddr *)&own, length) < 0 ? errno : 0;
}

static int divided(long (*divide)(char *page))
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int status = 0, s = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (bind(s, (struct sockaddr *)&name, sizeof name.sun_family) || (status = send_to_itself(s)) != 0)
		return status ? status : errno;
	if (divide((char *)(0x552aul << 32) + 4096))
		printf("%s\n", strerrorname_np(errno));
	pid_t child = fork();
	if (child == 0)
		_exit(send_to_itself(s));
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static long lock_page(char *page) { return mlock(page, 4096); }
static long seal_page(char *page) { return syscall(462 /* mseal */, page, 4096l, 0l); }
static long place_page(char *page)
{
	unsigned long node = 1;
	return syscall(SYS_mbind, page, 4096l, 2l /* MPOL_BIND */, &node, 64l, 0l);
}

static int raw(void)
{
	static const unsigned char echo[8] = { 8, 0, 0xf7, 0xff };
	printf("user %d\n", geteuid());
	int s = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	return s < 0 || sendto(s, echo, sizeof echo, 0, (struct sockaddr *)&to, sizeof to) < 0 ? errno : 0;
}

static void daemonise(void)
{
	fflush(stdout);
	if (fork() != 0)
		_exit(0);
	setsid();
	if (fork() != 0)
		_exit(0);
	usleep(500000);
}

int main(int argc, char **argv)
{
	words = argv;
	if (argc != 4) {
		fprintf(stderr, "usage: process-attack HOW ADDRESS PORT\n");
		return 2;
	}
	const char *how = argv[1];
	to = (struct sockaddr_in){ AF_INET, htons((uint16_t)atoi(argv[3])), { inet_addr(argv[2]) }, { 0 } };
	int done = 0;
	if (!strcmp(how, "untraced")) return tell(child_sends(CLONE_UNTRACED, 0));
	if (!strcmp(how, "untraced-vm")) return tell(child_sends(CLONE_UNTRACED | CLONE_VM, 0));
	if (!strcmp(how, "clone3")) return tell(child_sends(CLONE_UNTRACED | CLONE_FS | CLONE_FILES, 1));
	if (!strcmp(how, "clone-vm")) return tell(child_sends(CLONE_VM, 0));
	if (!strcmp(how, "clone3-user")) return tell(child_sends(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS, 1));
	if (!strcmp(how, "clone-user")) return tell(child_sends(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS, 0));
	if (!strcmp(how, "untraced-thread")) return tell(untraced_thread());
	if (!strcmp(how, "vfork")) return tell(child_sends(CLONE_VFORK, 0));
	if (!strcmp(how, "exec-thread")) return by_thread(0);
	if (!strcmp(how, "exec-thread-busy")) return by_thread(1);
	if (!strcmp(how, "storm")) return tell(storm());
	if (!strcmp(how, "step")) return tell(step());
	if (!strcmp(how, "killed-thread")) return tell(killed_threads());
	if (!strcmp(how, "secret")) return tell(secret());
	if (!strcmp(how, "traced-by-parent")) return tell(traced_by_parent());
	if (!strcmp(how, "number-again")) return tell(number_again());
	if (!strcmp(how, "locked")) return tell(divided(lock_page));
	if (!strcmp(how, "sealed")) return tell(divided(seal_page));
	if (!strcmp(how, "placed")) return tell(divided(place_page));
	if (!strcmp(how, "setuid")) return tell(raw());
	if (!strcmp(how, "storm-once")) {
		struct itimerval often = { { 0, 150 }, { 0, 150 } };
		signal(SIGALRM, stepped);
		setitimer(ITIMER_REAL, &often, NULL);
		return send_one();
	}
	if (!strcmp(how, "daemon")) daemonise();
	if (!strcmp(how, "undumpable")) done = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (!strcmp(how, "anyone-may-trace")) prctl(PR_SET_PTRACER, -1L, 0, 0, 0);
	if (!strcmp(how, "readable-executable")) done = personality(READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT) < 0;
	if (!strcmp(how, "dispatch")) done = prctl(59 /* PR_SET_SYSCALL_USER_DISPATCH */, 1, &main, 1L << 46, NULL);
	if (!strcmp(how, "unshare-user")) done = unshare(CLONE_NEWUSER);
	if (!strcmp(how, "unshare-mount")) done = unshare(CLONE_NEWUSER | CLONE_NEWNS) || chroot("/tmp");
	if (!strcmp(how, "unshare-files")) done = unshare(CLONE_FILES | CLONE_FS | CLONE_SYSVSEM);
	if (done)
		printf("%s\n", strerrorname_np(errno));
	return tell(send_one());
}
