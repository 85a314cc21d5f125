/* Judged calls that block, each with a peer that has no room: a probe is tried on each kind, with and without a call made before. */
#include "probe-calls.h"

/* A call that blocks until it is released, and how what arrived is counted. */
struct kind {
	const char *name;
	int domain, type;
	long (*call)(int fd);
};

static const struct kind kinds[] = {
	{ "tcp connect", AF_INET, SOCK_STREAM, call_connect },
	{ "tcp6 connect", AF_INET6, SOCK_STREAM, call_connect },
	{ "unix connect", AF_UNIX, SOCK_STREAM, call_connect },
	{ "unix seqpacket connect", AF_UNIX, SOCK_SEQPACKET, call_connect },
	{ "unix sendto", AF_UNIX, SOCK_DGRAM, call_sendto },
	{ "unix sendmsg", AF_UNIX, SOCK_DGRAM, call_sendmsg },
	{ "unix sendmmsg", AF_UNIX, SOCK_DGRAM, call_sendmmsg },
};

static int receiver = -1;

/* The one that blocks, the one that holds it, and what both see. */
struct stage {
	volatile int handled, called, done;
	pid_t subject;
} *stage;

static const struct kind *kind;
static int warm;

static inline void handler(int signal)
{
	(void)signal;
	stage->handled++;
}

static inline void handle(int signal, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	sigaction(signal, &action, NULL);
}

/* A peer whose queue is full: a listener whose backlog is, or a datagram socket that nobody reads. */
static inline void fill(void)
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
static inline void release(void)
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

static inline int arrived(void)
{
	int count = 0;
	char byte;
	while (kind->type == SOCK_DGRAM && recv(receiver, &byte, 1, MSG_DONTWAIT) == 1)
		count += byte == 'm';
	return count;
}

static inline void call_once(const char *what, int fd)
{
	stage->called++;
	long result = kind->call(fd);
	int error = errno;
	say("%s: %s: %ld %s, handled %d", kind->name, what, result, result < 0 ? strerrorname_np(error) : "ok", stage->handled);
}

static inline int subject_socket(void)
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

/* Runs subject in a process that blocks, and hold beside it, for each kind, with and without a call made before; all at once. */
static inline void each(void (*subject)(void), void (*hold)(void))
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
