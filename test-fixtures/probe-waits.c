/* What parents learn of their children: wait4(2), waitid(2), SIGCHLD, pidfds. */
#include "probe.h"

#include <spawn.h>

static volatile int seen;
static siginfo_t told[32];

static void note(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	if (seen < 32)
		told[seen] = *info;
	seen++;
}

static void note_children(int flags)
{
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART | flags };
	sigaction(SIGCHLD, &action, NULL);
}

static void say_info(const char *what, const siginfo_t *info, pid_t child)
{
	say("%s: code %d status %d uid %s pid %s", what, info->si_code, info->si_status, info->si_uid == getuid() ? "ours" : "other",
	    info->si_pid == child ? "the child" : info->si_pid ? "other" : "none");
}

static void end_by(int how)
{
	struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
	if (how >= 0)
		_exit(how);
	raise(-how);
}

PROBE(every_end_by_every_call)
{
	static const int ends[] = { 0, 1, 42, 255, -SIGTERM, -SIGKILL, -SIGSEGV, -SIGABRT, -SIGTRAP, -SIGSYS, -SIGHUP, -34, -64 };
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		int status;
		siginfo_t info = { 0 };
		struct rusage usage;
		pid_t child = fork();
		if (child == 0)
			end_by(ends[i]);
		say("waitid %s", outcome(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT)));
		say_info("waitid", &info, child);
		say("wait4 %d: %s", wait4(child, &status, 0, &usage) == child, how_ended(status));
		say("again %s", outcome(waitpid(child, &status, 0)));
	}
}

PROBE(stops_and_continues_are_told_once)
{
	note_children(0);
	pid_t child = fork();
	setpgid(child, 0); /* in an orphaned process group only SIGSTOP would stop it, and ours may be one */
	if (child == 0)
		for (;;)
			pause();
	int status;
	static const int stops[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
	for (int i = 0; i < 4; i++) {
		int before = seen;
		kill(child, stops[i]);
		say("stop %d", waitpid(child, &status, WUNTRACED) == child);
		say("%s", how_ended(status));
		say("again %d", waitpid(child, &status, WUNTRACED | WNOHANG));
		say("told %d", reaches(&seen, before + 1));
		say_info("SIGCHLD", &told[seen - 1], child);
		kill(child, SIGCONT);
		say("continue %d", waitpid(child, &status, WUNTRACED | WCONTINUED) == child);
		say("%s", how_ended(status));
		say("again %d", waitpid(child, &status, WUNTRACED | WCONTINUED | WNOHANG));
		say("told %d", reaches(&seen, before + 2));
		say_info("SIGCHLD", &told[seen - 1], child);
	}
	kill(child, SIGSTOP);
	siginfo_t info = { 0 };
	say("waitid %s", outcome(waitid(P_ALL, 0, &info, WSTOPPED | WNOWAIT)));
	say_info("stopped", &info, child);
	say("waitid %s", outcome(waitid(P_PID, (id_t)child, &info, WSTOPPED)));
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	say("%s, told %d", how_ended(status), reaches(&seen, 10));
	say_info("SIGCHLD", &told[seen - 1], child);
}

PROBE(nothing_is_told_of_stops_without_leave)
{
	note_children(SA_NOCLDSTOP);
	pid_t child = fork();
	if (child == 0)
		for (;;)
			pause();
	int status;
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	kill(child, SIGCONT);
	waitpid(child, &status, WCONTINUED);
	say("told %d", seen);
	kill(child, SIGTERM);
	waitpid(child, &status, 0);
	say("told %d", reaches(&seen, 1));
}

static void children_that_nobody_waits_for(void)
{
	for (int i = 0; i < 20; i++)
		if (fork() == 0)
			_exit(i);
	int status;
	say("wait %s", outcome(wait(&status)));
	say("told %s", seen ? "yes" : "no");
	if (fork() == 0) {
		struct sigaction action;
		sigaction(SIGCHLD, NULL, &action);
		say("a child has %s", action.sa_handler == SIG_IGN ? "SIG_IGN" : action.sa_handler == SIG_DFL ? "SIG_DFL" : "a handler");
		_exit(0);
	}
	wait(&status);
}

PROBE(an_ignored_child_signal_reaps)
{
	signal(SIGCHLD, SIG_IGN);
	children_that_nobody_waits_for();
}

PROBE(no_child_wait_reaps)
{
	note_children(SA_NOCLDWAIT);
	children_that_nobody_waits_for();
}

PROBE(not_yet_ended_is_not_ended)
{
	int hold[2], status = 77;
	if (pipe(hold))
		return;
	pid_t child = fork();
	if (child == 0) {
		char byte;
		close(hold[1]);
		_exit(read(hold[0], &byte, 1) == 0 ? 3 : 4);
	}
	close(hold[0]);
	siginfo_t info = { .si_pid = 1 };
	say("waitpid %d, %d", waitpid(child, &status, WNOHANG), status);
	say("waitid %d, pid %d", waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG), info.si_pid);
	say("any %d", waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED));
	close(hold[1]);
	say("%d %s", waitpid(child, &status, 0) == child, how_ended(status));
	say("none %s", outcome(waitpid(child, &status, WNOHANG)));
	say("none %s", outcome(waitid(P_ALL, 0, &info, WEXITED | WNOHANG)));
	say("not ours %s", outcome(waitpid(getppid(), &status, WNOHANG)));
	say("invalid %s", outcome(waitid(P_PID, 1, &info, WNOHANG)));
	say("invalid %s", outcome(waitpid(child, &status, 0x10000)));
}

PROBE(groups_are_waited_for)
{
	int status;
	pid_t leader = fork();
	if (leader == 0) {
		setpgid(0, 0);
		pause();
	}
	setpgid(leader, leader);
	pid_t member = fork();
	if (member == 0) {
		setpgid(0, leader);
		_exit(5);
	}
	setpgid(member, leader);
	if (fork() == 0)
		_exit(6);
	say("of the group %d", waitpid(-leader, &status, 0) == member);
	say("%s", how_ended(status));
	say("of ours %d", waitpid(0, &status, 0) > 0);
	say("%s", how_ended(status));
	say("no more of ours %s", outcome(waitpid(0, &status, 0)));
	kill(-leader, SIGTERM);
	say("%d", waitpid(-1, &status, 0) == leader);
	say("%s", how_ended(status));
}

static int bare_clone(unsigned long flags)
{
	return (int)syscall(SYS_clone, flags, 0L, 0L, 0L, 0L);
}

PROBE(children_of_clone)
{
	int status;
	static const int signals[] = { 0, SIGUSR1, SIGCHLD };
	signal(SIGUSR1, SIG_IGN);
	for (int i = 0; i < 3; i++) {
		static const int flags[] = { 0, (int)__WCLONE, (int)__WALL };
		for (int f = 0; f < 3; f++) {
			pid_t child = bare_clone((unsigned long)signals[i]);
			if (child == 0)
				_exit(9);
			pid_t got = waitpid(child, &status, flags[f]);
			say("exit signal %d, flags %d: %s", signals[i], f, got == child ? how_ended(status) : strerrorname_np(errno));
			if (got != child)
				waitpid(child, &status, __WALL);
		}
	}
	pid_t parent = fork();
	if (parent == 0) { /* its clone is our child */
		if (bare_clone(CLONE_PARENT | SIGCHLD) == 0)
			_exit(11);
		_exit(wait(NULL) < 0 ? 10 : 12);
	}
	int sum = 0;
	while (wait(&status) > 0)
		sum += WEXITSTATUS(status);
	say("CLONE_PARENT %d", sum);
}

PROBE(core_dumps_are_told)
{
	char directory[] = "/tmp/probe-core-XXXXXX";
	if (mkdtemp(directory) == NULL || chdir(directory))
		return;
	for (int limit = 0; limit < 2; limit++) {
		pid_t child = fork();
		if (child == 0) {
			struct rlimit size = { limit ? 1 << 20 : 0, limit ? 1 << 20 : 0 };
			setrlimit(RLIMIT_CORE, &size);
			abort();
		}
		int status;
		siginfo_t info = { 0 };
		waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
		waitpid(child, &status, 0);
		say("%s, code %d", how_ended(status), info.si_code);
	}
	if (system("rm -f core*"))
		say("core?");
	rmdir(directory);
}

PROBE(many_short_processes)
{
	int sum = 0, status;
	for (int i = 0; i < 2000; i++) {
		pid_t child = fork();
		if (child == 0)
			_exit(i % 7);
		sum += waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : 1000000;
	}
	say("one by one %d", sum);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 100; i++)
			if (fork() == 0)
				_exit(i % 7);
		while (wait(&status) > 0)
			sum += WEXITSTATUS(status);
	}
	say("side by side %d", sum);
}

/* A pidfd that polls readable tells of an end: from then on no wait may say that there is none. */
PROBE(what_a_pidfd_tells_wait_tells_too)
{
	int missed[5] = { 0 };
	for (int i = 0; i < 500; i++) {
		int status = 0, failed = 0;
		siginfo_t info = { 0 };
		pid_t child = fork();
		if (child == 0)
			_exit(0);
		int fd = (int)syscall(SYS_pidfd_open, child, i % 5 == 4 ? O_NONBLOCK : 0);
		struct pollfd ready = { fd, POLLIN, 0 };
		poll(&ready, 1, -1);
		switch (i % 5) {
		case 0: failed = waitpid(child, &status, WNOHANG) != child; break;
		case 1: failed = waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG) || info.si_pid != child; break;
		case 2: failed = waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) || info.si_pid != child; break;
		case 3: failed = waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid != child; break;
		default: failed = waitid(P_PIDFD, (id_t)fd, &info, WEXITED) || info.si_pid != child; break;
		}
		missed[i % 5] += failed;
		if (failed || i % 5 == 3)
			waitpid(child, &status, 0);
		close(fd);
	}
	say("missed %d %d %d %d %d", missed[0], missed[1], missed[2], missed[3], missed[4]);
}

PROBE(usage_of_children)
{
	struct rusage before, after;
	getrusage(RUSAGE_CHILDREN, &before);
	say("before: maxrss %ld minflt %ld time %ld", before.ru_maxrss, before.ru_minflt,
	    before.ru_utime.tv_sec * 1000000 + before.ru_utime.tv_usec + before.ru_stime.tv_sec * 1000000 + before.ru_stime.tv_usec);
	pid_t child = fork();
	if (child == 0) {
		size_t size = 32 << 20;
		char *memory = malloc(size);
		memset(memory, 1, size);
		while (clock() < CLOCKS_PER_SEC / 10)
			continue;
		_exit(memory[size - 1] - 1);
	}
	int status;
	struct rusage own;
	wait4(child, &status, 0, &own);
	getrusage(RUSAGE_CHILDREN, &after);
	say("%s", how_ended(status));
	say("maxrss %s", own.ru_maxrss >= 32 << 10 && own.ru_maxrss < 40 << 10 && after.ru_maxrss == own.ru_maxrss ? "its own" : "other");
	long ms = own.ru_utime.tv_sec * 1000 + own.ru_utime.tv_usec / 1000 + own.ru_stime.tv_sec * 1000 + own.ru_stime.tv_usec / 1000;
	say("time %s", ms >= 99 && ms < 200 ? "its own" : "other");
}

/* Asked for while it becomes another program. */
PROBE(a_program_that_is_polled_for_ends)
{
	static char *const words[] = { "true", NULL };
	for (int i = 0; i < 1000; i++) {
		pid_t child;
		int status = -1;
		if (posix_spawn(&child, "/bin/true", NULL, NULL, words, environ))
			say("spawn: %s", strerrorname_np(errno));
		while (waitpid(child, &status, WNOHANG) == 0)
			continue;
		if (status != 0)
			say("%s", how_ended(status));
	}
	say("all ended");
}
