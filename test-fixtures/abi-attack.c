/*
 * Tries to get past a filter for 64-bit calls by calls of another kind: abi-attack 4|6 FORBIDDEN ATTACK...
 *
 * The nth ATTACK sends to port 9000 + n - 1 of FORBIDDEN, so that the receiver can tell them apart.
 * stdout: a line "ATTACK OUTCOME" each; the outcome is "ok", or the name of the errno. Each is tried in a process of its own. Exit 0.
 *
 * "ring_on_stdin COMMAND..." makes an io_uring its standard input and becomes the command; "use_stdin" sends by it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/net.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { X32_SYSCALL_BIT = 0x40000000 };
enum { RING_ENTRIES = 4 };

union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static union name forbidden;
static socklen_t length;

/* Arguments of i386 calls lie below 4 GiB. */
static struct low {
	union name name;
	char text[8];
	uint32_t words[6];
	uint32_t iovec[2];
	uint32_t header[7]; /* struct compat_msghdr */
	uint32_t message_length;
} *low;

static int checked(long result)
{
	if (result < 0) {
		errno = (int)-result;
		return -1;
	}
	return (int)result;
}

#if defined(__x86_64__)
static long int80(long nr, long a, long b, long c, long d, long e, long f)
{
	long result;
	__asm__ volatile("push %%rbp\n\tmov %7, %%rbp\n\tint $0x80\n\tpop %%rbp"
			 : "=a"(result)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e), "r"(f)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}
#endif

static int udp(void)
{
	return socket(forbidden.any.sa_family, SOCK_DGRAM, 0);
}

static long at(const void *place)
{
	return (long)(uintptr_t)place;
}

/* asm/unistd_32.h */
enum { I386_SOCKETCALL = 102, I386_CONNECT = 362, I386_SENDTO = 369, I386_SENDMSG = 370, I386_SENDMMSG = 345 };

static int socketcall(int call, int s)
{
	uint32_t arguments[6] = { (uint32_t)s, (uint32_t)at(low->text), 6, 0, (uint32_t)at(&low->name), length };
	uint32_t connect_arguments[3] = { (uint32_t)s, (uint32_t)at(&low->name), length };
	memcpy(low->words, call == SYS_CONNECT ? connect_arguments : arguments, call == SYS_CONNECT ? 12 : 24);
	return checked(int80(I386_SOCKETCALL, call, at(low->words), 0, 0, 0, 0));
}

static int socketcall_sendto(void)
{
	return socketcall(SYS_SENDTO, udp());
}

static int socketcall_connect(void)
{
	int s = udp();
	return socketcall(SYS_CONNECT, s) ? -1 : (int)send(s, "attack", 6, 0);
}

static int int80_connect(void)
{
	int s = udp();
	return checked(int80(I386_CONNECT, s, at(&low->name), length, 0, 0, 0)) ? -1 : (int)send(s, "attack", 6, 0);
}

static int int80_sendto(void)
{
	return checked(int80(I386_SENDTO, udp(), at(low->text), 6, 0, at(&low->name), length));
}

static void fill_header(void)
{
	low->iovec[0] = (uint32_t)at(low->text);
	low->iovec[1] = 6;
	low->header[0] = (uint32_t)at(&low->name);
	low->header[1] = length;
	low->header[2] = (uint32_t)at(low->iovec);
	low->header[3] = 1;
}

static int int80_sendmsg(void)
{
	fill_header();
	return checked(int80(I386_SENDMSG, udp(), at(low->header), 0, 0, 0, 0));
}

static int int80_sendmmsg(void)
{
	fill_header();
	return checked(int80(I386_SENDMMSG, udp(), at(low->header), 1, 0, 0, 0));
}

/* Stacks a filter of its own that answers every call of i386. */
static int answer_i386(unsigned action, unsigned flags)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof code / sizeof *code, code };
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* As if secfilt's filter had sent a sendto of this architecture's own to the tracer. */
static int traced_int80_sendto(void)
{
	return answer_i386(SECCOMP_RET_TRACE | 3, 0) ? -1 : int80_sendto();
}

static int notified_int80_sendto(void)
{
	return answer_i386(SECCOMP_RET_USER_NOTIF, 0) ? -1 : int80_sendto();
}

/* Lets the call that its filter tells of go on, past any tracer. */
static void *wave_through(void *listener)
{
	struct seccomp_notif told = { 0 };
	if (!ioctl(*(int *)listener, SECCOMP_IOCTL_NOTIF_RECV, &told)) {
		struct seccomp_notif_resp answer = { told.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE };
		ioctl(*(int *)listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
	return NULL;
}

static int waved_through_int80_sendto(void)
{
	int listener = answer_i386(SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	pthread_t thread;
	if (listener >= 0)
		pthread_create(&thread, NULL, wave_through, &listener);
	int sent = int80_sendto(), error = errno;
	if (listener >= 0)
		pthread_join(thread, NULL);
	errno = error;
	return sent;
}

static int x32_connect(void)
{
	int s = udp();
	return (int)syscall(X32_SYSCALL_BIT | SYS_connect, s, &forbidden, length) ? -1 : (int)send(s, "attack", 6, 0);
}

/* x32 has its own sendmsg, for its headers. asm/unistd_x32.h */
static int x32_sendto(void)
{
	return (int)syscall(X32_SYSCALL_BIT | SYS_sendto, udp(), "attack", 6, 0, &forbidden, length);
}

static int x32_number_above_the_others(void)
{
	return (int)syscall(518, udp(), low->header, 0); /* x32's sendmsg, without its bit */
}

/* One sendmsg by a ring. */
static int io_uring_sendmsg(void)
{
	static struct iovec part = { "attack", 6 };
	static struct msghdr header;
	struct io_uring_params ring = { 0 };
	int fd = (int)syscall(SYS_io_uring_setup, RING_ENTRIES, &ring);
	if (fd < 0)
		return -1;
	char *queues = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	struct io_uring_sqe *entry = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
	if (queues == MAP_FAILED || entry == MAP_FAILED)
		return -1;
	header = (struct msghdr){ .msg_name = &forbidden, .msg_namelen = length, .msg_iov = &part, .msg_iovlen = 1 };
	entry->opcode = IORING_OP_SENDMSG;
	entry->fd = udp();
	entry->addr = (uint64_t)(uintptr_t)&header;
	entry->len = 1;
	*(unsigned *)(queues + ring.sq_off.array) = 0;
	*(volatile unsigned *)(queues + ring.sq_off.tail) = 1;
	__sync_synchronize();
	if (syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return -1;
	return checked(((struct io_uring_cqe *)(queues + ring.cq_off.cqes))->res);
}

/* Any answer of the kernel's own to these shows that they are to be had. */
static int io_uring_register(void)
{
	return syscall(SYS_io_uring_register, -1, IORING_UNREGISTER_BUFFERS, NULL, 0) < 0 && errno == EPERM ? -1 : 0;
}

static int io_uring_enter(void)
{
	return syscall(SYS_io_uring_enter, -1, 1, 0, 0, NULL, 0) < 0 && errno == EPERM ? -1 : 0;
}

static int use_stdin(void)
{
	return (int)syscall(SYS_io_uring_enter, STDIN_FILENO, 0, 0, 0, NULL, 0);
}

/* No kernel has it, and one may have it some day. */
static int newer_call(void)
{
	return (int)syscall(999, 0, 0, 0);
}

#define ATTACK(function) { #function, function }
static const struct {
	const char *name;
	int (*make)(void);
} attacks[] = {
	ATTACK(socketcall_sendto), ATTACK(socketcall_connect), ATTACK(int80_connect), ATTACK(int80_sendto), ATTACK(int80_sendmsg),
	ATTACK(int80_sendmmsg), ATTACK(traced_int80_sendto), ATTACK(notified_int80_sendto), ATTACK(waved_through_int80_sendto), ATTACK(x32_connect), ATTACK(x32_sendto), ATTACK(x32_number_above_the_others), ATTACK(io_uring_sendmsg),
	ATTACK(io_uring_register), ATTACK(io_uring_enter), ATTACK(use_stdin), ATTACK(newer_call),
};

static int attack(const char *name)
{
	for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
		if (!strcmp(attacks[i].name, name))
			return attacks[i].make();
	fprintf(stderr, "abi-attack: no attack %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "ring_on_stdin")) {
		struct io_uring_params ring = { 0 };
		int fd = (int)syscall(SYS_io_uring_setup, RING_ENTRIES, &ring);
		if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
			perror("abi-attack: io_uring_setup");
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		return 2;
	}
	low = mmap(NULL, sizeof *low, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (argc < 4 || low == MAP_FAILED) {
		fprintf(stderr, "usage: abi-attack 4|6 FORBIDDEN ATTACK...\n");
		return 2;
	}
	int v4 = argv[1][0] == '4';
	forbidden.any.sa_family = v4 ? AF_INET : AF_INET6;
	length = v4 ? sizeof forbidden.v4 : sizeof forbidden.v6;
	inet_pton(forbidden.any.sa_family, argv[2], v4 ? (void *)&forbidden.v4.sin_addr : (void *)&forbidden.v6.sin6_addr);
	strcpy(low->text, "attack");
	for (int i = 3; i < argc; i++) {
		forbidden.v4.sin_port = htons((uint16_t)(9000 + i - 3));
		low->name = forbidden;
		pid_t child = fork();
		if (child == 0) {
			const char *outcome = attack(argv[i]) < 0 ? strerrorname_np(errno) : "ok";
			printf("%s %s\n", argv[i], outcome);
			return 0;
		}
		waitpid(child, NULL, 0);
	}
	return 0;
}
