/* Calls that end with EINTR whatever the handler says (signal(7) "Interruption of system calls"): a probe is tried on each kind. */
#include "probe.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/sem.h>

enum { LONG_MS = 20000, SHORT_MS = 500 };

/* What a call waits for, and by which it is released. */
static int event = -1, epoll = -1, pair[2], full[2], listener = -1, semaphore = -1;
static sigset_t waited;
static int limit_ms;
static char room[1 << 16];

static inline struct timespec *limit(void)
{
	static struct timespec time;
	time = (struct timespec){ limit_ms / 1000, limit_ms % 1000 * 1000000L };
	return &time;
}

static long epoll_any_time(void) { struct epoll_event e; return epoll_wait(epoll, &e, 1, -1); }
static long epoll_limited(void) { struct epoll_event e; return epoll_wait(epoll, &e, 1, limit_ms); }
static inline long epoll_masked(void)
{
	struct epoll_event e;
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	return epoll_pwait(epoll, &e, 1, limit_ms, &mask);
}

static inline long epoll_precise(void)
{
	struct epoll_event e;
	return syscall(SYS_epoll_pwait2, epoll, &e, 1, limit(), NULL, 8);
}

static long receive(void) { char byte; return recv(pair[0], &byte, 1, 0); }
static long read_socket(void) { char byte; return read(pair[0], &byte, 1); }
static long send_full(void) { return send(full[0], room, sizeof room, 0); }
static long write_full(void) { return write(full[0], room, sizeof room); }
static long accept_one(void) { return accept(listener, NULL, NULL); }
static long accept_with_flags(void) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }
static long wait_for_signal(void) { return sigwaitinfo(&waited, NULL); }
static long wait_for_signal_limited(void) { return sigtimedwait(&waited, NULL, limit()); }
static long lower(void) { struct sembuf one = { 0, -1, 0 }; return semop(semaphore, &one, 1); }
static long lower_limited(void) { struct sembuf one = { 0, -1, 0 }; return semtimedop(semaphore, &one, 1, limit()); }
static long read_event(void) { long long value; return read(event, &value, sizeof value); }
static long poll_event(void) { struct pollfd p = { event, POLLIN, 0 }; return poll(&p, 1, limit_ms); }

static const struct kind { const char *name; long (*call)(void); int limited; } kinds[] = {
	{ "epoll_wait", epoll_any_time, 0 },
	{ "epoll_wait limited", epoll_limited, 1 },
	{ "epoll_pwait", epoll_masked, 1 },
	{ "epoll_pwait2", epoll_precise, 1 },
	{ "recv", receive, 1 },
	{ "read", read_socket, 1 },
	{ "send", send_full, 1 },
	{ "write", write_full, 1 },
	{ "accept", accept_one, 1 },
	{ "accept4", accept_with_flags, 1 },
	{ "sigwaitinfo", wait_for_signal, 0 },
	{ "sigtimedwait", wait_for_signal_limited, 1 },
	{ "semop", lower, 0 },
	{ "semtimedop", lower_limited, 1 },
	{ "read of no socket", read_event, 0 }, /* these two restart */
	{ "poll", poll_event, 1 },
};

static const struct kind *kind;
static volatile int *handled;
static pid_t subject;

static inline void handler(int signal)
{
	(void)signal;
	++*handled;
}

static inline void handle(int signal, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	sigaction(signal, &action, NULL);
}

static inline void limit_socket(int fd)
{
	struct timeval time = { limit_ms / 1000, limit_ms % 1000 * 1000L };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

static inline void set_stage(void)
{
	struct epoll_event in = { .events = EPOLLIN };
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	event = eventfd(0, 0);
	epoll = epoll_create1(0);
	epoll_ctl(epoll, EPOLL_CTL_ADD, event, &in);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	socketpair(AF_UNIX, SOCK_STREAM, 0, full);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(listener, (struct sockaddr *)&name, sizeof(sa_family_t));
	listen(listener, 3);
	limit_socket(pair[0]);
	limit_socket(full[0]);
	limit_socket(listener);
	while (send(full[0], room, sizeof room, MSG_DONTWAIT) > 0)
		continue;
	semaphore = semget(IPC_PRIVATE, 1, 0600);
	sigemptyset(&waited);
	sigaddset(&waited, SIGUSR2);
	sigprocmask(SIG_BLOCK, &waited, NULL);
}

/* Until it is blocked, or has ended. */
static inline void await_block(void)
{
	int blocked = 0;
	for (long long end = now_ms() + PATIENCE_MS; blocked < 20 && now_ms() < end; sleep_ms(5)) {
		char state = state_of(subject);
		if (state == 'Z' || state == 0)
			return;
		blocked = state == 'S' ? blocked + 1 : 0;
	}
}

/* Whatever it is, it ends. */
static inline void release(void)
{
	long long one = 1;
	struct sembuf raise = { 0, 1, 0 };
	struct sockaddr_un name;
	socklen_t length = sizeof name;
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	await_block();
	getsockname(listener, (struct sockaddr *)&name, &length);
	connect(client, (struct sockaddr *)&name, length);
	semop(semaphore, &raise, 1);
	while (recv(full[1], room, sizeof room, MSG_DONTWAIT) > 0)
		continue;
	if (write(event, &one, sizeof one) < 0 || write(pair[1], "x", 1) < 0)
		say("write: %s", strerrorname_np(errno));
	kill(subject, SIGUSR2);
	close(client);
}

static inline void call_once(void)
{
	long result = kind->call();
	say("%s: %s, handled %d", kind->name, outcome(result), *handled);
}

static inline void call_until_it_ends(void)
{
	for (int i = 0; i < 3; i++) {
		errno = 0;
		call_once();
		if (errno != EINTR)
			break;
	}
}

/* All at once. */
static inline void each(void (*prepare)(void), void (*call)(void), void (*disturb)(void))
{
	enum { COUNT = sizeof kinds / sizeof *kinds };
	int pipes[COUNT][2];
	for (int k = 0; k < COUNT; k++) {
		if (pipe2(pipes[k], O_CLOEXEC))
			_exit(96);
		if (fork() == 0) {
			dup2(pipes[k][1], 1);
			kind = &kinds[k];
			handled = shared(sizeof *handled);
			set_stage();
			subject = fork();
			if (subject == 0) {
				prepare();
				call();
				_exit(0);
			}
			await_block();
			disturb();
			int status;
			if (waitpid(subject, &status, 0) > 0)
				say("%s: %s", kind->name, how_ended(status));
			semctl(semaphore, 0, IPC_RMID);
			_exit(0);
		}
		close(pipes[k][1]);
	}
	for (int k = 0; k < COUNT; k++) {
		char text[4096];
		ssize_t length;
		while ((length = read(pipes[k][0], text, sizeof text)) > 0)
			if (write(1, text, (size_t)length) != length)
				_exit(96);
		wait(NULL);
	}
}
