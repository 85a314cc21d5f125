/* Judged calls that do not block, or not for long, and signals at any moment of them. */
#include "probe-calls.h"

static volatile sig_atomic_t alarms;

static void count_alarm(int signal)
{
	(void)signal;
	alarms++;
}

/* The first such call of a process has the supervisor do more: a signal at any moment of it comes after it, or begins it anew. */
PROBE(a_signal_comes_in_the_first_call)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) }, .sin_port = htons(9) };
	struct sigaction action = { .sa_handler = count_alarm };
	int slow = 0, ended = 0;
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < 60 && slow < 3; i++) {
		pid_t child = fork();
		if (child == 0) {
			connect(-1, (struct sockaddr *)&to, sizeof to);
			_exit(7);
		}
		usleep((useconds_t)(i * 10));
		kill(child, i % 2 ? SIGUSR1 : SIGTERM);
		int status = 0, waited_ms = 0;
		while (waitpid(child, &status, WNOHANG) == 0 && waited_ms++ < PATIENCE_MS)
			sleep_ms(1);
		slow += waited_ms > 1000;
		ended += WIFEXITED(status) || WIFSIGNALED(status);
	}
	say("ended %d, slow %d", ended, slow);
}

/* A connect that waits is interrupted; calls that do not wait never are, whatever was before. */
PROBE(calls_after_an_interrupted_one_succeed)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof to;
	struct sigaction action = { .sa_handler = count_alarm };
	struct itimerval soon = { { 0, 0 }, { 0, 100000 } };
	int full = socket(AF_INET, SOCK_STREAM, 0), first = socket(AF_INET, SOCK_STREAM, 0), waits = socket(AF_INET, SOCK_STREAM, 0);
	int udp = socket(AF_INET, SOCK_DGRAM, 0), failed = 0;
	sigaction(SIGALRM, &action, NULL);
	bind(full, (struct sockaddr *)&to, sizeof to);
	getsockname(full, (struct sockaddr *)&to, &length);
	listen(full, 0);
	connect(first, (struct sockaddr *)&to, sizeof to);
	setitimer(ITIMER_REAL, &soon, NULL);
	say("waits: %s", outcome(connect(waits, (struct sockaddr *)&to, sizeof to)));
	for (int i = 0; i < 2000; i++) {
		struct itimerval once = { { 0, 0 }, { 0, 50 + i % 50 } };
		int before = alarms;
		setitimer(ITIMER_REAL, &once, NULL);
		while (alarms == before)
			failed += connect(udp, (struct sockaddr *)&to, sizeof to) != 0;
	}
	say("failed %d", failed);
}

/* A SIGCONT that waits, blocked, is not lost over a call: it is delivered when it is unblocked, or taken by sigwaitinfo. */
static void wait_over_a_call(const char *how, int of_thread)
{
	sigset_t continues, waiting;
	struct timespec never = { 0, 0 };
	siginfo_t taken;
	sigemptyset(&continues);
	sigaddset(&continues, SIGCONT);
	pthread_sigmask(SIG_BLOCK, &continues, NULL);
	if (of_thread)
		pthread_sigqueue(pthread_self(), SIGCONT, (union sigval){ .sival_int = 4711 });
	else
		sigqueue(getpid(), SIGCONT, (union sigval){ .sival_int = 4711 });
	struct sockaddr_un nobody = { .sun_family = AF_UNIX, .sun_path = "/nobody/is/here" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	/* As long as an internet address: this call is handed over. */
	const char *said = outcome(connect(fd, (struct sockaddr *)&nobody, sizeof(struct sockaddr_in)));
	close(fd);
	sigpending(&waiting);
	say("%s: connect %s, %s", how, said, sigismember(&waiting, SIGCONT) ? "it waits" : "it is lost");
	int signal = sigtimedwait(&continues, &taken, &never);
	say("%s: taken %d, with %d", how, signal, signal > 0 && taken.si_code == SI_QUEUE ? taken.si_value.sival_int : -1);
	pthread_sigmask(SIG_UNBLOCK, &continues, NULL);
}

PROBE(a_blocked_continue_waits_over_a_call)
{
	wait_over_a_call("to the process", 0);
	wait_over_a_call("to the thread", 1);
}

/* Calls that do not block, under a storm of signals: all succeed, each message arrives once. */
static int echo[2];
static volatile int storms;

static void on_alarm(int signal)
{
	(void)signal;
	storms++;
}

static void begin_storm(int flags)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = flags };
	sigaction(SIGALRM, &action, NULL);
	struct itimerval often = { { 0, 400 }, { 0, 400 } };
	setitimer(ITIMER_REAL, &often, NULL);
}

static void open_echo(void)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	peer_length = sizeof name;
	echo[0] = socket(AF_INET, SOCK_DGRAM, 0);
	echo[1] = socket(AF_INET, SOCK_DGRAM, 0);
	bind(echo[1], (struct sockaddr *)&name, sizeof name);
	getsockname(echo[1], (struct sockaddr *)&peer, &peer_length);
}

static void weather(int flags)
{
	long (*const calls[])(int) = { call_sendto, call_sendmsg, call_sendmmsg, call_connect };
	open_echo();
	begin_storm(flags);
	for (int c = 0; c < 4; c++) {
		int failed = 0, lost = 0;
		char byte;
		for (int i = 0; i < 1000 || storms < 20 * (c + 1); i++) {
			failed += calls[c](echo[0]) < 0;
			lost += recv(echo[1], &byte, 1, MSG_DONTWAIT) != 1;
		}
		say("call %d: failed %d, did not arrive %d", c, failed, c < 3 ? lost : 0);
	}
	struct itimerval never = { 0 };
	setitimer(ITIMER_REAL, &never, NULL);
}

PROBE(no_call_fails_under_signals_that_restart) { weather(SA_RESTART); }

PROBE(no_call_fails_under_signals_that_interrupt) { weather(0); }

PROBE(no_first_call_fails_under_signals)
{
	int failed = 0;
	for (int i = 0; i < 60; i++) {
		int status;
		if (fork() == 0) {
			open_echo();
			begin_storm(i % 2 ? SA_RESTART : 0);
			for (int call = 0; call < 5; call++)
				if (call_sendto(echo[0]) < 0)
					_exit(errno);
			_exit(0);
		}
		wait(&status);
		failed += status != 0;
	}
	say("failed %d", failed);
}

/* A neighbour that does not answer: what is sent to it waits, and the sender too as soon as its buffer is full. Another one each time: after
 * some seconds the kernel gives a neighbour up, and drops what waits. */
PROBE(a_udp_sender_waits_for_room)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), small = 1, sent = 0;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	struct sockaddr_in silent = { .sin_family = AF_INET, .sin_port = htons(9) };
	/* 10.77.1.103 to 252: below is one that the kernel takes for being there, NetworkRoom.SILENT */
	silent.sin_addr.s_addr = htonl(0x0a4d0167 + (unsigned)getpid() % 150);
	static char large[1400];
	struct sigaction action = { .sa_handler = on_alarm };
	sigaction(SIGALRM, &action, NULL);
	struct itimerval soon = { { 0, 0 }, { 0, 500000 } };
	setitimer(ITIMER_REAL, &soon, NULL);
	long result;
	while ((result = sendto(fd, large, sizeof large, 0, (struct sockaddr *)&silent, sizeof silent)) > 0 && sent < 100)
		sent++;
	say("sent %s, then %s, handled %d", sent > 0 && sent < 100 ? "some" : "none or no end", outcome(result), storms);
	set_timeout(fd, 200);
	result = sendto(fd, large, sizeof large, 0, (struct sockaddr *)&silent, sizeof silent);
	say("then %s", outcome(result));
	result = sendto(fd, large, sizeof large, MSG_DONTWAIT, (struct sockaddr *)&silent, sizeof silent);
	say("then %s", outcome(result));
}
