/*
 * Runs seccomp filters and tells what the kernel made of them.
 *
 * stdin, native byte order, repeated:
 *     u32 instructions, u32 calls, instructions x struct sock_filter, calls x { u64 nr, u64 args[6] }
 * stdout: first the address that a filter sees as instruction_pointer, in hexadecimal; then per program a line
 *     "install ERRNO", 0 if the kernel took it, and per call, if it did, a line "result VALUE" (what syscall returned,
 *     -errno) or "killed".
 *
 * Each call runs in a child of its own. A filter may refuse every call, write and exit too: so the child answers
 * through shared memory and ends by a trap.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct call {
	uint64_t nr, args[6];
};

struct answer {
	volatile int install;
	volatile int returned;
	volatile long result;
};

/* The one place that makes the call, so that its address is known. */
#if defined(__x86_64__)
__asm__(".text\n.type raw_call,@function\nraw_call:\n"
	"mov (%rdi),%rax\nmov 16(%rdi),%rsi\nmov 24(%rdi),%rdx\nmov 32(%rdi),%r10\n"
	"mov 40(%rdi),%r8\nmov 48(%rdi),%r9\nmov 8(%rdi),%rdi\nsyscall\n"
	".globl after_call\nafter_call:\nret\n");
#elif defined(__aarch64__)
__asm__(".text\n.type raw_call,%function\nraw_call:\n"
	"mov x9,x0\nldr x8,[x9]\nldp x0,x1,[x9,#8]\nldp x2,x3,[x9,#24]\nldp x4,x5,[x9,#40]\nsvc #0\n"
	".globl after_call\nafter_call:\nret\n");
#else
#error "another architecture"
#endif
extern long raw_call(const struct call *);
extern char after_call[];

static void need(int done, const char *what)
{
	if (!done) {
		perror(what);
		exit(1);
	}
}

static void get(void *into, size_t length)
{
	need(fread(into, 1, length, stdin) == length, "stdin");
}

static void run(const struct sock_fprog *program, const struct call *call, struct answer *answer)
{
	answer->install = -1;
	answer->returned = 0;
	pid_t child = fork();
	need(child >= 0, "fork");
	if (child == 0) {
		need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
		answer->install = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program) == 0 ? 0 : errno;
		if (answer->install == 0 && call) {
			answer->result = raw_call(call);
			answer->returned = 1;
		}
		__builtin_trap();
	}
	need(waitpid(child, NULL, 0) == child, "waitpid");
}

int main(void)
{
	struct rlimit none = { 0, 0 };
	struct answer *answer = mmap(NULL, sizeof *answer, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t head[2];

	need(answer != MAP_FAILED, "mmap");
	need(setrlimit(RLIMIT_CORE, &none) == 0, "setrlimit");
	printf("%lx\n", (unsigned long)after_call);
	while (fread(head, 1, sizeof head, stdin) == sizeof head) {
		struct sock_filter *filter = calloc(head[0] + 1, sizeof *filter);
		struct call *calls = calloc(head[1] + 1, sizeof *calls);
		/* sock_fprog counts in 16 bits, so longer programs cannot be said at all. */
		struct sock_fprog program = { (unsigned short)head[0], filter };

		need(filter && calls && head[0] <= 65535, "program");
		get(filter, head[0] * sizeof *filter);
		get(calls, head[1] * sizeof *calls);
		fflush(stdout);
		run(&program, NULL, answer);
		printf("install %d\n", answer->install);
		for (uint32_t i = 0; answer->install == 0 && i < head[1]; i++) {
			run(&program, &calls[i], answer);
			if (answer->returned)
				printf("result %ld\n", answer->result);
			else
				printf("killed\n");
		}
		free(filter);
		free(calls);
	}
	return 0;
}
