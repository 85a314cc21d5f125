/* Judged calls that block, and what signals do to them: each mode below is tried on each kind of call. */
#include "probe.h"

enum { MESSAGES = 4 };

/* A call that blocks until it is released, and how what arrived is counted. */
struct kind {
	const char *name;
	int domain, type;
	long (*call)(int fd);
};

static struct sockaddr_storage peer;
static socklen_t peer_length;
static int receiver = -1;

static long call_connect(int fd) { return connect(fd, (struct sockaddr *)&peer, peer_length); }
static long call_sendto(int fd) { return sendto(fd, "m", 1, 0, (struct sockaddr *)&peer, peer_length); }

static struct msghdr message(struct iovec *data)
{
	*data = (struct iovec){ "m", 1 };
	return (struct msghdr){ .msg_name = &peer, .msg_namelen = peer_length, .msg_iov = data, .msg_iovlen = 1 };
}

static long call_sendmsg(int fd)
{
	struct iovec data;
	struct msghdr header = message(&data);
	return sendmsg(fd, &header, 0);
}

static long call_sendmmsg(int fd)
{
	struct iovec data;
	struct mmsghdr one = { .msg_hdr = message(&data) };
	return sendmmsg(fd, &one, 1, 0);
}

static const struct kind kinds[] = {
	{ "tcp connect", AF_INET, SOCK_STREAM, call_connect },
	{ "tcp6 connect", AF_INET6, SOCK_STREAM, call_connect },
	{ "unix connect", AF_UNIX, SOCK_STREAM, call_connect },
	{ "unix seqpacket connect", AF_UNIX, SOCK_SEQPACKET, call_connect },
	{ "unix sendto", AF_UNIX, SOCK_DGRAM, call_sendto },
	{ "unix sendmsg", AF_UNIX, SOCK_DGRAM, call_sendmsg },
	{ "unix sendmmsg", AF_UNIX, SOCK_DGRAM, call_sendmmsg },
};

/* The one that blocks, the one that holds it, and what both see. */
struct stage {
	volatile int handled, called, done;
	pid_t subject;
} *stage;

static const struct kind *kind;
static int warm;

static void handler(int signal)
{
	(void)signal;
	stage->handled++;
}

static void handle(int signal, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	sigaction(signal, &action, NULL);
}

/* A peer whose queue is full: a listener whose backlog is, or a datagram socket that nobody reads. */
static void fill(void)
{
	receiver = socket(kind->domain, kind->type | SOCK_CLOEXEC, 0);
	memset(&peer, 0, sizeof peer);
	peer.ss_family = (sa_family_t)kind->domain;
	peer_length = kind->domain == AF_INET ? sizeof(struct sockaddr_in)
		: kind->domain == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(sa_family_t);
	if (kind->domain == AF_INET)
		((struct sockaddr_in *)&peer)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (kind->domain == AF_INET6)
		((struct sockaddr_in6 *)&peer)->sin6_addr = in6addr_loopback;
	if (bind(receiver, (struct sockaddr *)&peer, peer_length))
		say("bind %s", strerrorname_np(errno));
	peer_length = sizeof peer;
	getsockname(receiver, (struct sockaddr *)&peer, &peer_length);
	if (kind->type == SOCK_DGRAM) {
		int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		while (sendto(sender, "f", 1, 0, (struct sockaddr *)&peer, peer_length) == 1)
			continue;
		close(sender);
		return;
	}
	listen(receiver, 0);
	for (int filled = 0; filled < 4; filled++) { /* kept open: what is closed leaves the queue */
		int sender = socket(kind->domain, kind->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connect(sender, (struct sockaddr *)&peer, peer_length) && errno == EAGAIN)
			break;
		sleep_ms(5);
	}
}

/* Takes one from the queue, so that the blocked call ends; for TCP all, since a dropped SYN comes again only after a second. */
static void release(void)
{
	if (kind->type == SOCK_DGRAM) {
		char byte;
		recv(receiver, &byte, 1, MSG_DONTWAIT);
		return;
	}
	for (long long end = now_ms() + 4000; !stage->done && now_ms() < end; sleep_ms(5)) {
		int taken = accept4(receiver, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		(void)taken;
		fcntl(receiver, F_SETFL, O_NONBLOCK);
	}
}

static int arrived(void)
{
	int count = 0;
	char byte;
	while (kind->type == SOCK_DGRAM && recv(receiver, &byte, 1, MSG_DONTWAIT) == 1)
		count += byte == 'm';
	return count;
}

static void call_once(const char *what, int fd)
{
	stage->called++;
	long result = kind->call(fd);
	int error = errno;
	say("%s: %s: %ld %s, handled %d", kind->name, what, result, result < 0 ? strerrorname_np(error) : "ok", stage->handled);
}

static int subject_socket(void)
{
	int fd = socket(kind->domain, kind->type | SOCK_CLOEXEC, 0);
	if (warm) { /* the vault is there already */
		struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
		int other = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (connect(other, &nowhere, sizeof nowhere))
			say("disconnect: %s", strerrorname_np(errno));
		close(other);
	}
	return fd;
}

static void set_timeout(int fd, int ms)
{
	struct timeval timeout = { ms / 1000, ms % 1000 * 1000 };
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

/* Runs subject in a process that blocks, and hold beside it, for each kind, with and without a call made before; all at once. */
static void each(void (*subject)(void), void (*hold)(void))
{
	int pipes[2 * sizeof kinds / sizeof *kinds][2], count = 0;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (warm = 0; warm < 2; warm++) {
			if (pipe2(pipes[count], O_CLOEXEC))
				_exit(96);
			if (fork() == 0) {
				dup2(pipes[count][1], 1);
				kind = &kinds[k];
				stage = shared(sizeof *stage);
				fill();
				pid_t subject_pid = fork();
				if (subject_pid == 0) {
					subject();
					stage->done = 1;
					_exit(0);
				}
				stage->subject = subject_pid;
				hold();
				int status;
				if (waitpid(stage->subject, &status, 0) > 0)
					say("%s: %s, arrived %d", kind->name, how_ended(status), arrived());
				_exit(0);
			}
			close(pipes[count++][1]);
		}
	for (int i = 0; i < count; i++) {
		char text[4096];
		ssize_t length;
		while ((length = read(pipes[i][0], text, sizeof text)) > 0)
			if (write(1, text, (size_t)length) != length)
				_exit(96);
		wait(NULL);
	}
}

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

/* sendmmsg may answer a short count; a caller that goes on from there sees what it would see of a long one. */
static void send_all(int fd, struct mmsghdr *all, unsigned count)
{
	for (unsigned done = 0; done < count;) {
		int sent = sendmmsg(fd, all + done, count - done, 0);
		if (sent < 0)
			say("message %u: %s", done++, strerrorname_np(errno));
		for (int i = 0; i < sent; i++, done++)
			say("message %u: %u bytes", done, all[done].msg_len);
	}
}

PROBE(sendmmsg_by_and_by)
{
	open_echo();
	struct iovec data[MESSAGES][2];
	struct mmsghdr all[MESSAGES] = { 0 };
	for (int i = 0; i < MESSAGES; i++) {
		data[i][0] = (struct iovec){ "abcdefgh", (size_t)i };
		data[i][1] = (struct iovec){ "ABCDEFGH", 2 };
		all[i].msg_hdr = (struct msghdr){ .msg_name = &peer, .msg_namelen = peer_length, .msg_iov = data[i], .msg_iovlen = 2 };
	}
	send_all(echo[0], all, MESSAGES);
	all[1].msg_hdr.msg_namelen = 3; /* too short for an address */
	all[2].msg_hdr.msg_name = (void *)8;
	send_all(echo[0], all, MESSAGES);
	all[0].msg_hdr.msg_iovlen = 5000;
	send_all(echo[0], all, MESSAGES);
	all[0].msg_hdr.msg_iov = NULL;
	all[0].msg_hdr.msg_iovlen = 0;
	send_all(echo[0], all, 1);
	say("none: %d", sendmmsg(echo[0], all, 0, 0));
	say("no socket: %s", outcome(sendmmsg(2000, all, 1, 0)));
	char text[100];
	for (ssize_t length; (length = recv(echo[1], text, sizeof text, MSG_DONTWAIT)) >= 0;)
		say("arrived: %.*s", (int)length, text);
}

/* A neighbour that does not answer: what is sent to it waits, and the sender too as soon as its buffer is full. Another one each time: after
 * some seconds the kernel gives a neighbour up, and drops what waits. */
PROBE(a_udp_sender_waits_for_room)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), small = 1, sent = 0;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	struct sockaddr_in silent = { .sin_family = AF_INET, .sin_port = htons(9) };
	silent.sin_addr.s_addr = htonl(0x0a4d0103 + (unsigned)getpid() % 250); /* 10.77.1.3 to 252 */
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
