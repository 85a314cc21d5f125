/*
 * Runs a command where a filter refuses one system call, as those of containers do: refuse ERRNO NR[:ARGUMENT:MASK:VALUE]... -- COMMAND...
 *
 * All is in numbers. With ARGUMENT it is refused where the lower half of that argument, under MASK, is VALUE.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { MOST = 200 };

static struct sock_filter code[MOST + 8];
static unsigned length;

static void load(unsigned offset)
{
	code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset);
}

static void add(const char *call, unsigned error)
{
	unsigned argument, mask, value, nr = strtoul(call, NULL, 0);
	int narrow = sscanf(call, "%*[^:]:%i:%i:%i", (int *)&argument, (int *)&mask, (int *)&value) == 3;

	load(offsetof(struct seccomp_data, nr));
	code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, narrow ? 4 : 1);
	if (narrow) {
		load(offsetof(struct seccomp_data, args) + 8 * argument);
		code[length++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask);
		code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	}
	code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error);
}

int main(int argc, char **argv)
{
	int at = 2;

	for (; at < argc && strcmp(argv[at], "--") && length < MOST; at++)
		add(argv[at], strtoul(argv[1], NULL, 0));
	code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { length, code };
	if (at + 1 >= argc || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		fprintf(stderr, "usage: refuse ERRNO NR[:ARGUMENT:MASK:VALUE]... -- COMMAND...\n");
		return 2;
	}
	execvp(argv[at + 1], argv + at + 1);
	perror(argv[at + 1]);
	return 127;
}
