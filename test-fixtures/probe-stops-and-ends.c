/* Judged calls that block, and what ends or stops whoever makes them. */
#include "probe-blocking-calls.h"

static void call_plainly(void)
{
	call_once("call", subject_socket());
}

static void stop_and_continue(void)
{
	int status;
	for (int i = 0; i < 2; i++) {
		await_sleep(stage->subject);
		kill(stage->subject, SIGSTOP);
		waitpid(stage->subject, &status, WUNTRACED);
		say("%s", how_ended(status));
		kill(stage->subject, SIGCONT);
		waitpid(stage->subject, &status, WCONTINUED);
		say("%s", how_ended(status));
	}
	await_sleep(stage->subject);
	release();
}

PROBE(a_stop_does_not_end_it)
{
	each(call_plainly, stop_and_continue);
}

static void call_with_timeout(void)
{
	int fd = subject_socket();
	set_timeout(fd, 20000);
	call_once("timed", fd);
	call_once("again", fd);
}

static void stop_then_release(void)
{
	int status;
	await_sleep(stage->subject);
	kill(stage->subject, SIGSTOP);
	waitpid(stage->subject, &status, WUNTRACED);
	kill(stage->subject, SIGCONT);
	sleep_ms(50);
	for (long long end = now_ms() + PATIENCE_MS; !stage->done && now_ms() < end; sleep_ms(50)) {
		await_sleep(stage->subject);
		release();
	}
}

PROBE(a_stop_under_a_send_timeout)
{
	each(call_with_timeout, stop_then_release);
}

static void look_on(void)
{
}

static void end_it(void)
{
	await_sleep(stage->subject);
	kill(stage->subject, SIGTERM);
}

PROBE(a_signal_kills)
{
	each(call_plainly, end_it);
}

static void end_it_by_alarm(void)
{
	struct itimerval soon = { .it_value = { 0, 200000 } };
	setitimer(ITIMER_REAL, &soon, NULL);
	call_plainly();
}

PROBE(an_alarm_kills)
{
	each(end_it_by_alarm, look_on);
}

static void *call_until_cancelled(void *fd)
{
	kind->call(*(int *)fd);
	return NULL;
}

static void call_in_a_thread_that_is_cancelled(void)
{
	int fd = subject_socket();
	pthread_t thread;
	void *result = NULL;
	pthread_create(&thread, NULL, call_until_cancelled, &fd);
	sleep_ms(200);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	say("%s: %s", kind->name, result == PTHREAD_CANCELED ? "cancelled" : "returned");
}

PROBE(a_thread_is_cancelled_in_it)
{
	each(call_in_a_thread_that_is_cancelled, look_on);
}

static void call_while_a_thread_executes(void)
{
	int fd = subject_socket();
	pthread_t thread;
	pthread_create(&thread, NULL, call_until_cancelled, &fd);
	sleep_ms(200);
	execl("/bin/sh", "sh", "-c", "echo executed; exit 7", NULL);
}

PROBE(a_thread_executes_meanwhile)
{
	each(call_while_a_thread_executes, look_on);
}

static void call_while_a_thread_exits(void)
{
	int fd = subject_socket();
	pthread_t thread;
	pthread_create(&thread, NULL, call_until_cancelled, &fd);
	sleep_ms(200);
	_exit(5);
}

PROBE(the_process_exits_meanwhile)
{
	each(call_while_a_thread_exits, look_on);
}
