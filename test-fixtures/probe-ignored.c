/*
 * Calls that end with EINTR whatever the handler says (signal(7) "Interruption of system calls"), and signals that do nothing, which natively do
 * not wake them up. Each probe is tried on each kind of call.
 */
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

static struct timespec *limit(void)
{
	static struct timespec time;
	time = (struct timespec){ limit_ms / 1000, limit_ms % 1000 * 1000000L };
	return &time;
}

static long epoll_any_time(void) { struct epoll_event e; return epoll_wait(epoll, &e, 1, -1); }
static long epoll_limited(void) { struct epoll_event e; return epoll_wait(epoll, &e, 1, limit_ms); }
static long epoll_masked(void)
{
	struct epoll_event e;
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	return epoll_pwait(epoll, &e, 1, limit_ms, &mask);
}
static long epoll_precise(void)
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

static void handler(int signal)
{
	(void)signal;
	++*handled;
}

static void handle(int signal, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	sigaction(signal, &action, NULL);
}

static void limit_socket(int fd)
{
	struct timeval time = { limit_ms / 1000, limit_ms % 1000 * 1000L };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

static void set_stage(void)
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
static void await_block(void)
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
static void release(void)
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

static void call_once(void)
{
	long result = kind->call();
	say("%s: %s, handled %d", kind->name, outcome(result), *handled);
}

static void call_until_it_ends(void)
{
	for (int i = 0; i < 3; i++) {
		errno = 0;
		call_once();
		if (errno != EINTR)
			break;
	}
}

/* All at once. */
static void each(void (*prepare)(void), void (*call)(void), void (*disturb)(void))
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

static void nothing(void)
{
}

static void ignore(void)
{
	static const int ignored[] = { SIGUSR1, SIGHUP, SIGTSTP, SIGTTIN, SIGTTOU, SIGALRM, SIGPIPE };
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		signal(ignored[i], SIG_IGN);
}

static void signal_in_vain(void)
{
	static const int signals[] = { SIGUSR1, SIGCHLD, SIGWINCH, SIGURG, SIGCONT, SIGTSTP };
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		kill(subject, signals[i]);
		sleep_ms(100);
	}
	release();
}

PROBE(ignored_signals_do_nothing)
{
	limit_ms = LONG_MS;
	each(ignore, call_once, signal_in_vain);
}

static void signal_in_vain_at_once(void)
{
	static const int signals[] = { SIGHUP, SIGUSR1, SIGCHLD, SIGWINCH, SIGURG, SIGTTIN };
	for (int i = 0; i < 20; i++) {
		for (size_t s = 0; s < sizeof signals / sizeof *signals; s++)
			kill(subject, signals[s]);
		sleep_ms(i);
	}
	release();
}

PROBE(many_ignored_signals_do_nothing)
{
	limit_ms = LONG_MS;
	each(ignore, call_once, signal_in_vain_at_once);
}

static void have_a_child_that_ends(void)
{
	if (fork() == 0) {
		sleep_ms(300);
		_exit(0);
	}
}

static void see_children(void)
{
	sleep_ms(200);
	release();
}

PROBE(a_childs_end_does_nothing)
{
	limit_ms = LONG_MS;
	each(have_a_child_that_ends, call_once, see_children);
}

static void handle_plainly(void)
{
	ignore();
	handle(SIGUSR1, 0);
}

static void handle_restarting(void)
{
	ignore();
	handle(SIGUSR1, SA_RESTART);
}

static void signal_then_release(void)
{
	kill(subject, SIGUSR1);
	reaches(handled, 1);
	release();
}

PROBE(a_handler_interrupts)
{
	limit_ms = LONG_MS;
	each(handle_plainly, call_until_it_ends, signal_then_release);
}

PROBE(a_restarting_handler_interrupts)
{
	limit_ms = LONG_MS;
	each(handle_restarting, call_until_it_ends, signal_then_release);
}

/* SIGHUP comes first, SIGWINCH last. */
static void signal_both(void)
{
	kill(subject, SIGHUP);
	kill(subject, SIGUSR1);
	kill(subject, SIGWINCH);
	reaches(handled, 1);
	release();
}

PROBE(a_handler_interrupts_among_ignored_signals)
{
	limit_ms = LONG_MS;
	each(handle_plainly, call_until_it_ends, signal_both);
}

static void handle_later(void)
{
	sigset_t usr1;
	handle_plainly();
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
}

static void signal_blocked(void)
{
	kill(subject, SIGHUP);
	kill(subject, SIGUSR1);
	sleep_ms(200);
	release();
}

/* epoll_pwait lets it through: there it interrupts. */
PROBE(a_blocked_signal_waits_beside_an_ignored_one)
{
	limit_ms = LONG_MS;
	each(handle_later, call_until_it_ends, signal_blocked);
}

static void stop_and_continue(void)
{
	int status;
	kill(subject, SIGSTOP);
	waitpid(subject, &status, WUNTRACED);
	say("%s", how_ended(status));
	kill(subject, SIGWINCH);
	sleep_ms(50);
	kill(subject, SIGCONT);
	release();
}

static void signal_then_stop(void)
{
	kill(subject, SIGHUP); /* another thread could take the stop while this is passed on, and have the first say EINTR for nothing */
	stop_and_continue();
}

PROBE(a_stop_interrupts)
{
	limit_ms = LONG_MS;
	each(ignore, call_until_it_ends, signal_then_stop);
}

static void *call_in_thread(void *unused)
{
	(void)unused;
	call_until_it_ends();
	return NULL;
}

static void call_in_a_thread(void)
{
	pthread_t thread;
	pthread_create(&thread, NULL, call_in_thread, NULL);
	pthread_join(thread, NULL);
}

PROBE(a_stop_interrupts_other_threads)
{
	limit_ms = LONG_MS;
	each(ignore, call_in_a_thread, stop_and_continue);
}

static void continue_it(void)
{
	for (int i = 0; i < 3; i++) {
		kill(subject, SIGCONT);
		sleep_ms(50);
	}
	release();
}

PROBE(a_continue_of_who_runs_does_nothing)
{
	limit_ms = LONG_MS;
	each(nothing, call_once, continue_it);
}

PROBE(a_continue_of_who_runs_does_nothing_to_other_threads)
{
	limit_ms = LONG_MS;
	each(nothing, call_in_a_thread, continue_it);
}

static void call_for_its_time(void)
{
	if (!kind->limited)
		return;
	long long start = now_ms();
	call_once();
	long long took = now_ms() - start;
	say("%s: %s", kind->name, took < SHORT_MS - 10 ? "too early" : took > 3 * SHORT_MS + 300 ? "too late" : "after its time");
}

static void signal_early(void)
{
	kill(subject, SIGWINCH);
}

PROBE(its_time_ends_it)
{
	limit_ms = SHORT_MS;
	each(ignore, call_for_its_time, signal_early);
}
