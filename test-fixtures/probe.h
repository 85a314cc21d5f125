/*
 * What the probes of SameIT share. A program is a list of probes, PROBE(name) { ... }, and runs the one that its argument names.
 * A probe tells on stdout what it sees, with say(); it should see the same under secfilt as without, byte for byte, so what it
 * says holds no process id, no time and no address.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <netinet/in.h>
#include <arpa/inet.h>

enum { MOST_PROBES = 100, PATIENCE_MS = 10000 };

static struct probe { const char *name; void (*run)(void); } probes[MOST_PROBES];
static int probe_count;

#define PROBE(name) \
	static void name(void); \
	__attribute__((constructor)) static void add_##name(void) { probes[probe_count++] = (struct probe){ #name, name }; } \
	static void name(void)

/* One write a line: children and signal handlers say things too. */
__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...)
{
	char line[1024];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(line, sizeof line - 1, format, arguments);
	va_end(arguments);
	line[length++] = '\n';
	if (write(1, line, (size_t)length) != length)
		_exit(97);
}

/* The name of the errno, or "ok" for what did not fail. */
static inline const char *outcome(long result)
{
	return result >= 0 ? "ok" : strerrorname_np(errno);
}

static inline void sleep_ms(long ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };
	while (nanosleep(&left, &left) && errno == EINTR)
		continue;
}

static inline long long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Waits until the counter, which another process or a handler moves, is that high. */
static inline int reaches(volatile int *counter, int value)
{
	for (long long end = now_ms() + PATIENCE_MS; *counter < value && now_ms() < end;)
		sleep_ms(1);
	return *counter >= value;
}

/* Memory that children share. */
static inline void *shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

/* R, S, T ...: proc_pid_stat(5); 0 if there is no such thread. */
static inline char state_of(pid_t tid)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "/proc/%d/stat", tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	if (length <= 0)
		return 0;
	text[length] = 0;
	char *end = strrchr(text, ')');
	return end ? end[2] : 0;
}

/* Waits until the thread has been asleep for a while: it is blocked. */
static inline void await_sleep(pid_t tid)
{
	int asleep = 0;
	for (long long end = now_ms() + PATIENCE_MS; asleep < 30 && now_ms() < end; sleep_ms(5))
		asleep = state_of(tid) == 'S' ? asleep + 1 : 0;
}

static inline const char *how_ended(int status)
{
	static char text[64];
	if (WIFEXITED(status))
		snprintf(text, sizeof text, "exit %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		snprintf(text, sizeof text, "signal %d%s", WTERMSIG(status), WCOREDUMP(status) ? " core" : "");
	else if (WIFSTOPPED(status))
		snprintf(text, sizeof text, "stopped %d", WSTOPSIG(status));
	else
		snprintf(text, sizeof text, WIFCONTINUED(status) ? "continued" : "status %#x", (unsigned)status);
	return text;
}

int main(int argc, char **argv)
{
	for (int i = 0; i < probe_count; i++)
		if (argc == 2 && strcmp(argv[1], probes[i].name) == 0) {
			probes[i].run();
			return 0;
		}
	fprintf(stderr, "usage: %s PROBE\n", argv[0]);
	return 98;
}
