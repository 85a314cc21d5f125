/*
 * Makes connect, bind and sendto with odd values in all registers that they do not use: registers ADDRESS SILENT
 *
 * ADDRESS is an IPv4 address to be named, SILENT one where nobody answers (its calls are left after a moment by SIGALRM). stdout: a line for each case:
 * its name, "kept" or the registers that a call changed other than the ABI says (rax, rcx, r11), and what the call returned.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* In the order of `names`. */
struct registers {
	long rdi, rsi, rdx, r10, r8, r9, rbx, rbp, r12, r13, r14, r15;
};

enum { REGISTERS = sizeof(struct registers) / sizeof(long) };

static const char *const names[REGISTERS] = { "rdi", "rsi", "rdx", "r10", "r8", "r9", "rbx", "rbp", "r12", "r13", "r14", "r15" };

/* The call with `given` in the registers; `left` gets what is in them afterwards. */
long call_with(long number, const struct registers *given, struct registers *left);
__asm__(".text\n"
	"call_with:\n"
	"	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; push %rdx\n"
	"	mov %rdi, %rax; mov %rsi, %r11\n"
	"	mov 0(%r11), %rdi; mov 16(%r11), %rdx; mov 24(%r11), %r10; mov 32(%r11), %r8; mov 40(%r11), %r9\n"
	"	mov 48(%r11), %rbx; mov 56(%r11), %rbp; mov 64(%r11), %r12; mov 72(%r11), %r13; mov 80(%r11), %r14; mov 88(%r11), %r15\n"
	"	mov 8(%r11), %rsi\n"
	"	syscall\n"
	"	pop %r11\n"
	"	mov %rdi, 0(%r11); mov %rsi, 8(%r11); mov %rdx, 16(%r11); mov %r10, 24(%r11); mov %r8, 32(%r11); mov %r9, 40(%r11)\n"
	"	mov %rbx, 48(%r11); mov %rbp, 56(%r11); mov %r12, 64(%r11); mov %r13, 72(%r11); mov %r14, 80(%r11); mov %r15, 88(%r11)\n"
	"	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"	ret\n");

static void nothing(int signal) { (void)signal; }

static void make(const char *name, long number, long a, long b, long c, long d, long e, long f)
{
	struct registers given = { a, b, c, d, e, f, 0x1b1b1b1b1b1b1b1b, 0x1c1c1c1c1c1c1c1c, 0x1d1d1d1d1d1d1d1d, 0x1e1e1e1e1e1e1e1e,
		0x1f1f1f1f1f1f1f1f, 0x2020202020202020 }, left;
	long result = call_with(number, &given, &left);
	printf("%s", name);
	int changed = 0;
	for (int i = 0; i < REGISTERS; i++)
		if (((long *)&given)[i] != ((long *)&left)[i]) {
			printf(" %s=%lx", names[i], ((long *)&left)[i]);
			changed = 1;
		}
	printf("%s %ld\n", changed ? "" : " kept", result);
	close((int)a);
}

/* No call looks at these bits. */
static const long ODD = 0x5a5a5a5a5a5a5a5a, HIGH = 0x6b6b6b6b00000000;

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) }, silent = to, any = to;
	inet_pton(AF_INET, argv[1], &to.sin_addr);
	inet_pton(AF_INET, argv[2], &silent.sin_addr);
	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	any.sin_port = 0;
	struct sockaddr_un path = { .sun_family = AF_UNIX, .sun_path = "/nobody/is/here" };
	long udp = SOCK_DGRAM, tcp = SOCK_STREAM;

	make("connect udp", SYS_connect, socket(AF_INET, udp, 0), (long)&to, sizeof to, ODD, ODD, ODD);
	make("connect tcp", SYS_connect, socket(AF_INET, tcp, 0), (long)&to, sizeof to, ODD, ODD, ODD);
	make("connect with a mark", SYS_connect, socket(AF_INET, udp, 0), (long)&to, sizeof to, ODD, ODD, 0x7472616300000007);
	make("connect nonblocking", SYS_connect, socket(AF_INET, tcp | SOCK_NONBLOCK, 0), (long)&silent, sizeof silent, ODD, ODD, ODD);
	make("connect unix", SYS_connect, socket(AF_UNIX, tcp, 0), (long)&path, sizeof path, ODD, ODD, ODD);
	make("connect bad descriptor", SYS_connect, 999, (long)&to, sizeof to, ODD, ODD, ODD);
	make("connect bad pointer", SYS_connect, socket(AF_INET, udp, 0), 8, sizeof to, ODD, ODD, ODD);
	make("connect bad length", SYS_connect, socket(AF_INET, udp, 0), (long)&to, -1, ODD, ODD, ODD);
	make("connect high length", SYS_connect, socket(AF_INET, udp, 0), (long)&to, HIGH | sizeof to, ODD, ODD, ODD);
	make("bind", SYS_bind, socket(AF_INET, udp, 0), (long)&any, sizeof any, ODD, ODD, ODD);
	make("bind unix", SYS_bind, socket(AF_UNIX, udp, 0), (long)&path, sizeof path, ODD, ODD, ODD);
	make("sendto", SYS_sendto, socket(AF_INET, udp, 0), (long)"x", 1, MSG_DONTWAIT, (long)&to, sizeof to);
	make("sendto high length", SYS_sendto, socket(AF_INET, udp, 0), (long)"x", 1, MSG_DONTWAIT, (long)&to, HIGH | sizeof to);
	make("sendto tcp", SYS_sendto, socket(AF_INET, tcp, 0), (long)"x", 1, MSG_NOSIGNAL, (long)&to, HIGH | sizeof to);
	make("sendto nobody", SYS_sendto, socket(AF_INET, udp, 0), (long)"x", 1, MSG_DONTWAIT, 0, ODD);

	struct sigaction action = { .sa_handler = nothing };
	struct itimerval soon = { { 0, 0 }, { 0, 200000 } };
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	make("connect waits", SYS_connect, socket(AF_INET, tcp, 0), (long)&silent, sizeof silent, ODD, ODD, ODD);
	return 0;
}
