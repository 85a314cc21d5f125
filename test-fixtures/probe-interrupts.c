/* Judged calls that block, and what handlers and timeouts do to them. */
#include "probe-blocking-calls.h"

static void call_with_plain_handler(void)
{
	handle(SIGUSR1, 0);
	int fd = subject_socket();
	call_once("first", fd);
	call_once("again", fd);
}

static void interrupt_then_release(void)
{
	await_sleep(stage->subject);
	kill(stage->subject, SIGUSR1);
	if (!reaches(&stage->called, 2))
		say("no second call");
	await_sleep(stage->subject);
	release();
}

PROBE(a_handler_interrupts)
{
	each(call_with_plain_handler, interrupt_then_release);
}

static void call_with_restarting_handler(void)
{
	handle(SIGUSR1, SA_RESTART);
	call_once("restarted", subject_socket());
}

static void signal_thrice(void)
{
	for (int i = 1; i <= 3; i++) {
		await_sleep(stage->subject);
		kill(stage->subject, SIGUSR1);
		if (!reaches(&stage->handled, i))
			say("not handled");
	}
	await_sleep(stage->subject);
	release();
}

PROBE(sa_restart_goes_on)
{
	each(call_with_restarting_handler, signal_thrice);
}

static void call_with_deadline(void)
{
	int fd = subject_socket();
	set_timeout(fd, 300);
	long long start = now_ms();
	call_once("timed", fd);
	say("%s", now_ms() - start >= 290 ? "after its time" : "too early");
}

static void look_on(void)
{
}

PROBE(a_send_timeout_ends_it)
{
	each(call_with_deadline, look_on);
}

static void call_with_deadline_and_handler(void)
{
	handle(SIGUSR1, SA_RESTART);
	int fd = subject_socket();
	set_timeout(fd, 8000);
	call_once("timed", fd);
	call_once("again", fd);
}

PROBE(under_a_send_timeout_nothing_restarts)
{
	each(call_with_deadline_and_handler, interrupt_then_release);
}

static void call_deafly(void)
{
	signal(SIGUSR1, SIG_IGN);
	sigset_t blocked, pending;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	call_once("call", subject_socket());
	sigpending(&pending);
	say("pending %d", sigismember(&pending, SIGUSR2));
}

static void signal_in_vain(void)
{
	await_sleep(stage->subject);
	static const int signals[] = { SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD, SIGURG, SIGCONT };
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		kill(stage->subject, signals[i]);
	await_sleep(stage->subject);
	release();
}

PROBE(ignored_and_blocked_signals_do_nothing)
{
	each(call_deafly, signal_in_vain);
}

/* The handler makes a judged call of its own while the other waits to be made again. */
static void calling_handler(int signal)
{
	(void)signal;
	int pair[2], before = errno;
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t length = sizeof name;
	pair[0] = socket(AF_UNIX, SOCK_DGRAM, 0);
	pair[1] = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (bind(pair[0], (struct sockaddr *)&name, sizeof(sa_family_t)) || getsockname(pair[0], (struct sockaddr *)&name, &length)
	    || sendto(pair[1], "h", 1, 0, (struct sockaddr *)&name, length) != 1)
		say("in the handler: %s", strerrorname_np(errno));
	close(pair[0]);
	close(pair[1]);
	errno = before;
	stage->handled++;
}

static void call_with_calling_handler(void)
{
	struct sigaction action = { .sa_handler = calling_handler, .sa_flags = SA_RESTART };
	sigaction(SIGUSR1, &action, NULL);
	call_once("restarted", subject_socket());
}

PROBE(a_handler_makes_calls_of_its_own)
{
	each(call_with_calling_handler, signal_thrice);
}
