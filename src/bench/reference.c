/*
 * Supervisors to measure against: reference allow|trace|vault [-p PROCESSOR] COMMAND [ARGUMENT]...
 *
 *   allow   no supervisor: a filter of one instruction, that allows
 *   trace   reads each address, judges it and has the call go on: the cheapest there is by ptrace, and not safe
 *   vault   reads each address, judges it, has the call run on a copy in sealed memory and puts the register back: safe
 *
 * -p keeps supervisor and command on one processor. Addresses are judged alike: 127.0.0.0/8 is allowed. x86-64 only.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* The workload maps the vault here by itself, from the descriptor that BENCH_VAULT names: what mapping it costs is not measured. */
#define VAULT ((char *)(0x552aul << 32))
enum { VAULT_BYTES = 1 << 20, SLOT_BYTES = 256, HEADER = 0, NAME = 64, MOST_TASKS = 4096 };

static void die(const char *call)
{
	fprintf(stderr, "reference: %s: %s\n", call, strerror(errno));
	exit(125);
}

static void must(bool good, const char *call)
{
	if (!good)
		die(call);
}

#define LOAD(what) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what))
#define IF(value, then) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, then, 0)

static void install_filter(bool traced)
{
	struct sock_filter allow[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_filter trace[] = {
		LOAD(nr), IF(SYS_connect, 5), IF(SYS_bind, 4), IF(SYS_sendto, 3), IF(SYS_sendmsg, 2), IF(SYS_sendmmsg, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
	};
	struct sock_fprog program = { sizeof allow / sizeof *allow, allow };
	if (traced)
		program = (struct sock_fprog){ sizeof trace / sizeof *trace, trace };
	must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl");
	must(!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "seccomp");
}

struct task {
	pid_t tid;
	bool in_call;
	struct user_regs_struct before;
};

static struct task tasks[MOST_TASKS];
static char *vault; /* where this program may write it; NULL if there is none */

static struct task *task_of(pid_t tid)
{
	struct task *task = &tasks[tid % MOST_TASKS]; /* a clash costs a reference nothing but its safety */
	task->tid = tid;
	return task;
}

static bool copy_from(pid_t tid, void *to, unsigned long from, size_t length)
{
	struct iovec here = { to, length }, there = { (void *)from, length };
	return process_vm_readv(tid, &here, 1, &there, 1, 0) == (ssize_t)length;
}

/* At the stop of a call with an address: what to do with it is in `registers`, its own are kept in the task. */
static bool judge(struct task *task, struct user_regs_struct *registers)
{
	char *slot = vault ? vault + (task->tid % MOST_TASKS) * SLOT_BYTES : NULL;
	char *seen = VAULT + (task->tid % MOST_TASKS) * SLOT_BYTES;
	bool to = registers->orig_rax == SYS_sendto, message = registers->orig_rax == SYS_sendmsg;
	unsigned long at = to ? registers->r8 : registers->rsi, length = to ? registers->r9 : registers->rdx;
	struct msghdr header;
	if (message) {
		if (!copy_from(task->tid, &header, at, sizeof header))
			return false;
		at = (unsigned long)header.msg_name;
		length = header.msg_namelen;
	}
	struct sockaddr_in name;
	if (at == 0)
		return true;
	if (length != sizeof name || !copy_from(task->tid, &name, at, sizeof name))
		return false;
	if (name.sin_family != AF_INET || ntohl(name.sin_addr.s_addr) >> 24 != 127)
		return false;
	if (!slot)
		return true;
	memcpy(slot + NAME, &name, sizeof name);
	if (message) {
		header.msg_name = seen + NAME;
		memcpy(slot + HEADER, &header, sizeof header);
	}
	if (to)
		registers->r8 = (unsigned long)(seen + NAME);
	else
		registers->rsi = (unsigned long)(seen + (message ? HEADER : NAME));
	return true;
}

static void seccomp_stop(struct task *task)
{
	struct user_regs_struct registers;
	if (ptrace(PTRACE_GETREGS, task->tid, 0, &registers))
		return;
	task->before = registers;
	if (!judge(task, &registers)) {
		registers.orig_rax = -1;
		registers.rax = (unsigned long)-EPERM;
	} else if (!vault) {
		ptrace(PTRACE_CONT, task->tid, 0, 0);
		return;
	} else {
		task->in_call = true;
	}
	ptrace(PTRACE_SETREGS, task->tid, 0, &registers);
	ptrace(task->in_call ? PTRACE_SYSCALL : PTRACE_CONT, task->tid, 0, 0);
}

static void exit_stop(struct task *task)
{
	struct user_regs_struct registers;
	ptrace(PTRACE_GETREGS, task->tid, 0, &registers);
	registers.rsi = task->before.rsi;
	registers.r8 = task->before.r8;
	task->in_call = false;
	ptrace(PTRACE_SETREGS, task->tid, 0, &registers);
	ptrace(PTRACE_CONT, task->tid, 0, 0);
}

static int supervise(pid_t command)
{
	int code = 125;
	for (;;) {
		int status;
		pid_t tid = waitpid(-1, &status, __WALL);
		if (tid < 0)
			return code;
		if (!WIFSTOPPED(status)) {
			if (tid == command)
				code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			continue;
		}
		struct task *task = task_of(tid);
		int event = status >> 16, signal = WSTOPSIG(status);
		if (event == PTRACE_EVENT_SECCOMP)
			seccomp_stop(task);
		else if (signal == (SIGTRAP | 0x80) && task->in_call)
			exit_stop(task);
		else
			ptrace(PTRACE_CONT, tid, 0, event || signal == (SIGTRAP | 0x80) ? 0 : signal);
	}
}

static void make_vault(void)
{
	char number[12];
	int file = memfd_create("vault", 0);
	must(file >= 0 && !ftruncate(file, VAULT_BYTES), "memfd_create");
	vault = mmap(NULL, VAULT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	must(vault != MAP_FAILED, "mmap");
	snprintf(number, sizeof number, "%d", file);
	setenv("BENCH_VAULT", number, 1);
}

int main(int argc, char **argv)
{
	char **command = argv + 2;
	if (argc > 4 && !strcmp(argv[2], "-p")) {
		cpu_set_t one;
		CPU_ZERO(&one);
		CPU_SET(atoi(argv[3]), &one);
		must(!sched_setaffinity(0, sizeof one, &one), "sched_setaffinity");
		command += 2;
	}
	if (argc < 3 || !*command) {
		fprintf(stderr, "usage: reference allow|trace|vault [-p PROCESSOR] COMMAND [ARGUMENT]...\n");
		return 2;
	}
	if (!strcmp(argv[1], "allow")) {
		install_filter(false);
		execvp(*command, command);
		die(*command);
	}
	if (!strcmp(argv[1], "vault"))
		make_vault();
	pid_t child = fork();
	if (child == 0) {
		raise(SIGSTOP);
		install_filter(true);
		execvp(*command, command);
		die(*command);
	}
	int status;
	must(waitpid(child, &status, WUNTRACED) == child, "waitpid");
	must(!ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK
			| PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE), "PTRACE_SEIZE");
	kill(child, SIGCONT);
	return supervise(child);
}
