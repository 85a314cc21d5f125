/*
 * A process outside of the sandbox, and the ways to make it act from inside.
 *
 * outsider victim FILE ADDRESS PORT: writes "PID WORD" to FILE and sends a datagram to the address when the word at WORD is changed
 *     or SIGUSR1 or SIGIO comes; ends after that, or after 5 seconds. Its socket is descriptor 10.
 * outsider HOW FILE: tries to make it act; says "done", or the name of the errno.
 *     HOW: ptrace, process_vm_writev, mem, mem-of-thread, pidfd_getfd, kill, kill-all, kill-group, tkill, tgkill, sigqueue, tgsigqueue,
 *     pidfd_send_signal, pidfd-thread, pidfd-group, pidfd-queue, proc-directory, sigio
 * outsider supervisor-HOW ADDRESS PORT: does HOW to the supervisor, then sends to the address, in a process of its own; "sent" or the errno.
 *     HOW: kill, tkill, stop, descriptors, memory, idle, oom, quit
 * outsider nudge PID: makes every call that changes another process on that one, or on the supervisor for PID 0, so that little comes of
 *     it; says "CALL ok" or "CALL ERRNO" for each.
 * outsider hangup TERMINAL: has it hung up; says "done", or the name of the errno.
 * outsider keys: makes a session keyring and gives it to its parent; says "done", or the name of the errno.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile long word = 1;
static struct sockaddr_in to;
static const long changed = 0x5ec;

static void acted(int unused)
{
	(void)unused;
	word = changed;
}

static void read_address(char **words)
{
	to = (struct sockaddr_in){ AF_INET, htons((uint16_t)atoi(words[1])), { inet_addr(words[0]) }, { 0 } };
}

static int victim(char **words)
{
	read_address(words + 1);
	dup2(socket(AF_INET, SOCK_DGRAM, 0), 10);
	if (connect(10, (struct sockaddr *)&to, sizeof to))
		return 2;
	signal(SIGUSR1, acted);
	signal(SIGIO, acted);
	FILE *file = fopen(words[0], "w");
	fprintf(file, "%d %ld\n", getpid(), (long)&word);
	fclose(file);
	for (int i = 0; i < 500 && word == 1; i++)
		usleep(10000);
	return word == changed && write(10, "hello", 5) == 5 ? 0 : 1;
}

static long attack(const char *how, int pid, long address)
{
	enum { THREAD = 1, PROCESS_GROUP = 4 }; /* linux/pidfd.h */
	siginfo_t info = { .si_signo = SIGUSR1, .si_code = SI_QUEUE };
	struct iovec from = { (void *)&changed, sizeof changed }, there = { (void *)address, sizeof changed };
	char name[60];
	if (!strcmp(how, "ptrace")) {
		if (ptrace(PTRACE_ATTACH, pid, 0, 0))
			return -1;
		waitpid(pid, NULL, __WALL);
		long rc = ptrace(PTRACE_POKEDATA, pid, address, changed);
		return ptrace(PTRACE_DETACH, pid, 0, 0) | rc;
	}
	if (!strcmp(how, "process_vm_writev"))
		return process_vm_writev(pid, &from, 1, &there, 1, 0);
	if (!strncmp(how, "mem", 3)) {
		snprintf(name, sizeof name, how[3] ? "/proc/%d/task/%d/mem" : "/proc/%d/mem", pid, pid);
		int mem = open(name, O_RDWR);
		return mem < 0 ? -1 : pwrite(mem, &changed, sizeof changed, address);
	}
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (!strcmp(how, "pidfd_getfd")) {
		int s = (int)syscall(SYS_pidfd_getfd, pidfd, 10, 0);
		return s < 0 ? -1 : write(s, "hello", 5);
	}
	if (!strcmp(how, "kill"))
		return kill(pid, SIGUSR1);
	if (!strcmp(how, "kill-all")) {
		signal(SIGUSR1, SIG_IGN);
		return kill(-1, SIGUSR1);
	}
	if (!strcmp(how, "kill-group")) {
		signal(SIGUSR1, SIG_IGN);
		return kill(-getpgid(pid), SIGUSR1);
	}
	if (!strcmp(how, "tkill"))
		return syscall(SYS_tkill, pid, SIGUSR1);
	if (!strcmp(how, "tgkill"))
		return syscall(SYS_tgkill, pid, pid, SIGUSR1);
	if (!strcmp(how, "sigqueue"))
		return sigqueue(pid, SIGUSR1, (union sigval){ 0 });
	if (!strcmp(how, "tgsigqueue"))
		return syscall(SYS_rt_tgsigqueueinfo, pid, pid, SIGUSR1, &info);
	if (!strcmp(how, "pidfd_send_signal"))
		return syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, NULL, 0);
	if (!strcmp(how, "pidfd-queue"))
		return syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, &info, 0);
	if (!strcmp(how, "pidfd-thread"))
		return syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, NULL, THREAD);
	if (!strcmp(how, "pidfd-group")) {
		signal(SIGUSR1, SIG_IGN);
		return syscall(SYS_pidfd_send_signal, syscall(SYS_pidfd_open, getpgid(pid), 0), SIGUSR1, NULL, PROCESS_GROUP);
	}
	if (!strcmp(how, "proc-directory")) {
		snprintf(name, sizeof name, "/proc/%d", pid);
		return syscall(SYS_pidfd_send_signal, open(name, O_RDONLY | O_DIRECTORY), SIGUSR1, NULL, 0);
	}
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || fcntl(ends[0], F_SETOWN, pid) || fcntl(ends[0], F_SETFL, O_ASYNC))
		return -1;
	return write(ends[1], "x", 1); /* the signal, if any, is not told of */
}

static int status(int pid, const char *key)
{
	char line[200], name[40];
	int value = 0;
	snprintf(name, sizeof name, "/proc/%d/status", pid);
	FILE *file = fopen(name, "r");
	while (file && fgets(line, sizeof line, file))
		if (!strncmp(line, key, strlen(key)))
			value = atoi(line + strlen(key));
	if (file)
		fclose(file);
	return value;
}

/* The very thread that traces us. */
static int tracer(void)
{
	return status(getpid(), "TracerPid:");
}

static void signal_threads(int pid)
{
	char name[40];
	struct dirent *entry;
	snprintf(name, sizeof name, "/proc/%d/task", pid);
	DIR *threads = opendir(name);
	while (threads && (entry = readdir(threads)))
		if (atoi(entry->d_name))
			syscall(SYS_tkill, atoi(entry->d_name), SIGKILL);
}

static void disturb(const char *how, int pid)
{
	struct rlimit none = { 0, 0 };
	struct sched_param idle = { 0 };
	if (!strcmp(how, "kill"))
		kill(pid, SIGKILL);
	else if (!strcmp(how, "tkill"))
		signal_threads(pid);
	else if (!strcmp(how, "stop"))
		kill(pid, SIGSTOP);
	else if (!strcmp(how, "quit"))
		for (int number = 1; number < 32; number++)
			if (number != SIGKILL && number != SIGSTOP && number != SIGTSTP && number != SIGTTIN && number != SIGTTOU)
				kill(pid, number);
	if (!strcmp(how, "descriptors"))
		prlimit(pid, RLIMIT_NOFILE, &none, NULL);
	else if (!strcmp(how, "memory"))
		prlimit(pid, RLIMIT_AS, &none, NULL);
	else if (!strcmp(how, "idle"))
		sched_setscheduler(pid, SCHED_IDLE, &idle);
	if (!strcmp(how, "oom")) {
		char name[40];
		snprintf(name, sizeof name, "/proc/%d/oom_score_adj", pid);
		int file = open(name, O_WRONLY);
		if (file >= 0 && write(file, "1000", 4) != 4)
			close(file);
	}
}

static int against_supervisor(const char *how, char **words)
{
	int pid = tracer();
	read_address(words);
	int go[2];
	char byte;
	if (pipe(go))
		return 2;
	pid_t child = fork(); /* before: a fork is a stop too */
	if (child == 0) {
		if (read(go[0], &byte, 1) != 1)
			return 2;
		int s = socket(AF_INET, SOCK_DGRAM, 0), failed = 0;
		for (int i = 0; i < 100; i++)
			if (sendto(s, "x", 1, 0, (struct sockaddr *)&to, sizeof to) < 0)
				failed = errno;
		_exit(failed);
	}
	disturb(how, pid);
	if (write(go[1], "x", 1) != 1)
		return 2;
	usleep(200000);
	if (!strcmp(how, "stop"))
		kill(pid, SIGCONT);
	int status = 0;
	waitpid(child, &status, 0);
	printf("%s\n", WEXITSTATUS(status) ? strerrorname_np(WEXITSTATUS(status)) : WIFSIGNALED(status) ? "killed" : "sent");
	return 0;
}

static void told(const char *call, long result)
{
	printf("%s %s\n", call, result < 0 ? strerrorname_np(errno) : "ok");
}

static void nudge_by_file(int pid, const char *file, const char *text)
{
	char name[60];
	snprintf(name, sizeof name, "/proc/%d/%s", pid, file);
	int fd = open(name, O_WRONLY);
	told(file, fd < 0 || !text ? fd : write(fd, text, strlen(text)));
	close(fd);
}

/* @param tid a thread of the process, its own for what is a thread's */
static void nudge(int pid, int tid)
{
	enum { PROCESS_GROUP_OF_PIDFD = 4, IDLE_CLASS = 3 << 13, PROCESS = 1, GROUP = 2, OWNER = 3, COLD = 20, VM = 1 };
	struct { unsigned size, policy; unsigned long long flags; int nice; unsigned priority; unsigned long long deadline[3]; } attribute =
		{ .size = 48, .policy = SCHED_BATCH };
	struct sched_param parameter = { 0 };
	struct rlimit limit;
	cpu_set_t all;
	long word_here = 1, nodes = 1;
	struct iovec here = { &word_here, sizeof word_here }, there = { (void *)0x10000, 4096 };
	memset(&all, -1, sizeof all);
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	told("prlimit64", prlimit(pid, RLIMIT_CORE, NULL, &limit) ? -1 : prlimit(pid, RLIMIT_CORE, &limit, NULL));
	told("sched_setaffinity", sched_setaffinity(tid, sizeof all, &all));
	told("sched_setscheduler", sched_setscheduler(tid, SCHED_BATCH, &parameter));
	told("sched_setparam", sched_setparam(tid, &parameter));
	told("sched_setattr", syscall(SYS_sched_setattr, tid, &attribute, 0));
	told("setpriority", setpriority(PRIO_PROCESS, (unsigned)tid, 1));
	told("setpriority-group", setpriority(PRIO_PGRP, (unsigned)pid, 1));
	told("setpriority-user", setpriority(PRIO_USER, 0, 1));
	told("ioprio_set", syscall(SYS_ioprio_set, PROCESS, tid, IDLE_CLASS));
	told("ioprio_set-group", syscall(SYS_ioprio_set, GROUP, pid, IDLE_CLASS));
	struct perf_event_attr clock = { .type = PERF_TYPE_SOFTWARE, .size = sizeof clock, .config = PERF_COUNT_SW_TASK_CLOCK, .exclude_kernel = 1 };
	told("perf_event_open", syscall(SYS_perf_event_open, &clock, pid, -1, -1, 0));
	told("ioprio_set-user", syscall(SYS_ioprio_set, OWNER, getuid(), IDLE_CLASS));
	told("kill", kill(pid, SIGCONT));
	told("kill-group", kill(-pid, SIGCONT));
	told("tkill", syscall(SYS_tkill, tid, SIGCONT));
	told("tgkill", syscall(SYS_tgkill, pid, tid, SIGCONT));
	told("rt_sigqueueinfo", sigqueue(pid, SIGCONT, (union sigval){ 0 }));
	told("pidfd_send_signal", syscall(SYS_pidfd_send_signal, pidfd, SIGCONT, NULL, 0));
	told("pidfd_send_signal-group", syscall(SYS_pidfd_send_signal, pidfd, SIGCONT, NULL, PROCESS_GROUP_OF_PIDFD));
	told("ptrace", ptrace(PTRACE_SEIZE, pid, 0, 0) ? -1 : ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	told("process_vm_readv", process_vm_readv(pid, &here, 1, &there, 1, 0) < 0 && errno != EFAULT ? -1 : 0);
	told("process_vm_writev", process_vm_writev(pid, &here, 1, &there, 1, 0) < 0 && errno != EFAULT ? -1 : 0);
	told("process_madvise", syscall(SYS_process_madvise, pidfd, &there, 1, COLD, 0) < 0 && errno != ENOMEM ? -1 : 0);
	told("move_pages", syscall(SYS_move_pages, pid, 0, NULL, NULL, NULL, 0));
	told("migrate_pages", syscall(SYS_migrate_pages, pid, 64, &nodes, &nodes));
	told("kcmp", syscall(SYS_kcmp, getpid(), pid, VM, 0, 0));
	told("pidfd_getfd", syscall(SYS_pidfd_getfd, pidfd, 0, 0));
	told("setns", syscall(SYS_setns, pidfd, CLONE_NEWUTS));
	nudge_by_file(pid, "fd/0", NULL);
	nudge_by_file(pid, "mem", NULL);
	nudge_by_file(pid, "oom_score_adj", "1000");
	nudge_by_file(pid, "clear_refs", "1");
	nudge_by_file(pid, "coredump_filter", "0");
	nudge_by_file(pid, "autogroup", "1");
	nudge_by_file(pid, "timerslack_ns", "1000000");
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "nudge")) {
		int tid = atoi(argv[2]) ? atoi(argv[2]) : tracer();
		nudge(status(tid, "Tgid:"), tid);
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "keys")) {
		long rc = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ? -1 : syscall(SYS_keyctl, KEYCTL_SESSION_TO_PARENT);
		printf("%s\n", rc < 0 ? strerrorname_np(errno) : "done");
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "hangup")) {
		int terminal = open(argv[2], O_RDWR | O_NOCTTY);
		printf("%s\n", terminal < 0 || ioctl(terminal, TIOCVHANGUP) ? strerrorname_np(errno) : "done");
		return 0;
	}
	if (argc == 5 && !strcmp(argv[1], "victim"))
		return victim(argv + 2);
	if (argc == 4 && !strncmp(argv[1], "supervisor-", 11))
		return against_supervisor(argv[1] + 11, argv + 2);
	if (argc != 3) {
		fprintf(stderr, "usage: outsider victim FILE ADDRESS PORT | HOW FILE | nudge PID | hangup TERMINAL | keys | supervisor-HOW ADDRESS PORT\n");
		return 2;
	}
	int pid;
	long address;
	FILE *file = fopen(argv[2], "r");
	if (!file || fscanf(file, "%d %ld", &pid, &address) != 2)
		return 2;
	printf("%s\n", attack(argv[1], pid, address) < 0 ? strerrorname_np(errno) : "done");
	return 0;
}
