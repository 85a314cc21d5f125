/*
 * Calls that end with EINTR whatever the handler says, and signals that do nothing, which natively do not wake them up. Each probe is tried on
 * each kind of call.
 */
#include "probe-waiting-calls.h"

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

/* Each of these waits for 10 ms, all of them for longer than one of them may. */
static void call_many_times(void)
{
	int interrupted = 0;
	for (int i = 0; i < 200; i++) {
		errno = 0;
		long result = kind->call();
		interrupted += result < 0 && errno == EINTR;
		if (result > 0 && kind->call == epoll_limited)
			read_event();
	}
	say("%s: EINTR %d", kind->name, interrupted);
}

static void signal_and_feed(void)
{
	int status;
	long long one = 1;
	for (int i = 0; i < PATIENCE_MS / 10 && waitpid(subject, &status, WNOHANG) == 0; i++) {
		sleep_ms(5);
		if (i % 8 == 0)
			kill(subject, SIGHUP);
		sleep_ms(5);
		if (write(event, &one, sizeof one) < 0 || write(pair[1], "x", 1) < 0)
			break;
	}
	kill(subject, SIGKILL);
}

PROBE(many_short_calls_are_not_taken_for_a_long_one)
{
	limit_ms = SHORT_MS;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		kind = &kinds[k];
		if (kind->call != epoll_limited && kind->call != receive)
			continue;
		set_stage();
		subject = fork();
		if (subject == 0) {
			ignore();
			call_many_times();
			_exit(0);
		}
		signal_and_feed();
		semctl(semaphore, 0, IPC_RMID);
	}
}
