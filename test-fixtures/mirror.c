/*
 * Tells all that a process inherits: mirror OUTPUT [ARGUMENT...]
 *
 * To the file OUTPUT go lines "KEY VALUE": arguments and environment in hexadecimal, descriptors, limits, signals, and the
 * whole of /proc/self/status. Two processes that should not differ should print the same; see mirror.py.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MOST_FDS = 1024 };

static struct {
	int fd, status_flags, fd_flags;
	off_t offset;
	char target[PATH_MAX];
} fds[MOST_FDS];

/* Before anything is opened: descriptors are tried by number, since /proc/self/fd would need one. */
static int note_fds(void)
{
	int count = 0;
	for (int fd = 0; fd < MOST_FDS; fd++) {
		int flags = fcntl(fd, F_GETFD);
		char path[64];
		if (flags < 0)
			continue;
		fds[count].fd = fd;
		fds[count].fd_flags = flags;
		fds[count].status_flags = fcntl(fd, F_GETFL);
		fds[count].offset = lseek(fd, 0, SEEK_CUR);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		ssize_t length = readlink(path, fds[count].target, PATH_MAX - 1);
		fds[count++].target[length < 0 ? 0 : length] = 0;
	}
	return count;
}

static void hex(FILE *out, const char *key, char **words)
{
	for (int i = 0; words[i]; i++) {
		fprintf(out, "%s[%d] ", key, i);
		for (const char *c = words[i]; *c; c++)
			fprintf(out, "%02x", (unsigned char)*c);
		fputc('\n', out);
	}
}

static void copy(FILE *out, const char *path)
{
	char line[4096];
	FILE *in = fopen(path, "r");
	if (!in) {
		fprintf(out, "%s %s\n", path, strerrorname_np(errno));
		return;
	}
	while (fgets(line, sizeof line, in))
		fprintf(out, "%s %s", path, line);
	fclose(in);
}

static void links(FILE *out, const char *path)
{
	char target[PATH_MAX] = "";
	if (readlink(path, target, sizeof target - 1) < 0)
		strcpy(target, strerrorname_np(errno));
	fprintf(out, "%s %s\n", path, target);
}

int main(int argc, char **argv)
{
	int children = wait(NULL) < 0 ? errno : 0;
	int count = note_fds();
	FILE *out = argc > 1 ? fopen(argv[1], "w") : NULL;
	if (!out)
		return 2;
	fprintf(out, "wait %s\n", children ? strerrorname_np(children) : "a child");
	hex(out, "argv", argv);
	hex(out, "environ", environ);
	for (int i = 0; i < count; i++)
		fprintf(out, "fd %d -> %s flags %#x %#x offset %lld\n", fds[i].fd, fds[i].target, fds[i].status_flags,
			fds[i].fd_flags, (long long)fds[i].offset);
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit limit = { 0, 0 };
		getrlimit(i, &limit);
		fprintf(out, "rlimit %d %#llx %#llx\n", i, (long long)limit.rlim_cur, (long long)limit.rlim_max);
	}
	fprintf(out, "ids ppid %d pgrp %d sid %d\n", getppid(), getpgrp() == getpid() ? -1 : getpgrp(),
		getsid(0) == getpid() ? -1 : getsid(0));
	fprintf(out, "execfn %s\n", (const char *)getauxval(AT_EXECFN));
	fprintf(out, "secure %lu\n", getauxval(AT_SECURE));
	char cwd[PATH_MAX];
	fprintf(out, "cwd %s\n", getcwd(cwd, sizeof cwd) ? cwd : strerrorname_np(errno));
	links(out, "/proc/self/cwd");
	links(out, "/proc/self/root");
	links(out, "/proc/self/exe");
	links(out, "/proc/self/ns/net");
	links(out, "/proc/self/ns/mnt");
	links(out, "/proc/self/ns/user");
	links(out, "/proc/self/ns/pid");
	mode_t mask = umask(0);
	umask(mask);
	fprintf(out, "umask %o\n", mask);
	fprintf(out, "nice %d scheduler %d ioprio %ld\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0),
		syscall(SYS_ioprio_get, 1, 0));
	fprintf(out, "personality %#x timerslack %d dumpable %d keepcaps %d securebits %#x thp %d\n", personality(0xffffffff),
		prctl(PR_GET_TIMERSLACK), prctl(PR_GET_DUMPABLE), prctl(PR_GET_KEEPCAPS), prctl(PR_GET_SECUREBITS),
		prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	int death = 0, reaper = 0, tsc = 0;
	prctl(PR_GET_PDEATHSIG, &death);
	prctl(PR_GET_CHILD_SUBREAPER, &reaper);
	prctl(PR_GET_TSC, &tsc);
	fprintf(out, "pdeathsig %d subreaper %d tsc %d\n", death, reaper, tsc);
	struct itimerval timer;
	getitimer(ITIMER_REAL, &timer);
	fprintf(out, "alarm %s\n", timer.it_value.tv_sec ? "set" : "none");
	copy(out, "/proc/self/oom_score_adj");
	copy(out, "/proc/self/comm");
	copy(out, "/proc/self/cgroup");
	copy(out, "/proc/self/loginuid");
	copy(out, "/proc/self/coredump_filter");
	copy(out, "/proc/self/status");
	return fclose(out) ? 3 : 0;
}
