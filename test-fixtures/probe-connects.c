/* What TCP sockets answer to connect(2), step by step, and what is seen of them meanwhile. */
#include "probe-inet.h"

#include <sys/epoll.h>

PROBE(a_nonblocking_connect_step_by_step)
{
	for (int d = 0; d < 2; d++) {
		union name to, nobody = deaf(domains[d]);
		int l = receiver(domains[d], SOCK_STREAM, &to, 1), fd = socket(domains[d], SOCK_STREAM | SOCK_NONBLOCK, 0);
		say("before %#x", (unsigned)events(fd, 0));
		say("%s", connected(fd, &to));
		say("then %#x", (unsigned)events(fd, QUICK_MS));
		say("error %d", socket_error(fd));
		say("again %s", connected(fd, &to));
		say("once more %s", connected(fd, &to));
		say("elsewhere %s", connected(fd, &nobody));
		say("state %d, flags %#x", state(fd), (unsigned)fcntl(fd, F_GETFL));
		say("disconnect %s", disconnected(fd));
		say("state %d", state(fd));
		say("refused %s", connected(fd, &nobody));
		say("then %#x", (unsigned)events(fd, QUICK_MS));
		say("again %s", connected(fd, &nobody));
		say("once more %s", connected(fd, &nobody));
		say("then %#x", (unsigned)events(fd, QUICK_MS));
		say("error %d", socket_error(fd));
		say("after that %s", connected(fd, &to));
		close(l);
	}
}

PROBE(a_blocking_connect_step_by_step)
{
	for (int d = 0; d < 2; d++) {
		union name to, nobody = deaf(domains[d]);
		receiver(domains[d], SOCK_STREAM, &to, 1);
		int fd = socket(domains[d], SOCK_STREAM, 0);
		say("refused %s", connected(fd, &nobody));
		say("error %d, state %d", socket_error(fd), state(fd));
		say("%s", connected(fd, &to));
		say("error %d, state %d", socket_error(fd), state(fd));
		say("%#x", (unsigned)events(fd, 0));
		say("again %s", connected(fd, &to));
		say("flags %#x", (unsigned)fcntl(fd, F_GETFL));
		say("bind %s", outcome(bind(fd, &to.any, size_of(&to))));
		say("disconnect %s", disconnected(fd));
		say("state %d, %s", state(fd), connected(fd, &to));
		shutdown(fd, SHUT_RDWR);
		say("shut down: %s", connected(fd, &to));
		int listener = receiver(domains[d], SOCK_STREAM, &nobody, 1);
		say("a listener: %s", connected(listener, &to));
		say("itself: %s", connected(listener, &nobody));
		int self = receiver(domains[d], SOCK_STREAM, &nobody, 0);
		say("to itself: %s", connected(self, &nobody));
		say("%zd", write(self, "x", 1));
	}
}

/* What is begun with O_NONBLOCK is gone on with without it, and the other way round. */
PROBE(a_connect_that_changes_its_mind)
{
	union name to, nobody = deaf(AF_INET);
	receiver(AF_INET, SOCK_STREAM, &to, 1);
	for (int i = 0; i < 2; i++) {
		const union name *peer = i ? &nobody : &to;
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		say("begun %s", connected(fd, peer));
		fcntl(fd, F_SETFL, 0);
		say("blocking %s", connected(fd, peer));
		say("again %s, error %d", connected(fd, peer), socket_error(fd));
		close(fd);
	}
}

PROBE(flags_stay_as_they_are)
{
	union name to, nobody = deaf(AF_INET);
	receiver(AF_INET, SOCK_STREAM, &to, 1);
	static const int flags[] = { 0, O_NONBLOCK, O_APPEND, O_ASYNC, O_ASYNC | O_NONBLOCK | O_APPEND };
	signal(SIGIO, SIG_IGN);
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		for (int p = 0; p < 2; p++) {
			int fd = socket(AF_INET, SOCK_STREAM | (p ? SOCK_CLOEXEC : 0), 0);
			fcntl(fd, F_SETOWN, getpid());
			fcntl(fd, F_SETFL, flags[i]);
			say("%s", connected(fd, p ? &to : &nobody));
			say("status %#x, descriptor %d, owner %d", (unsigned)fcntl(fd, F_GETFL), fcntl(fd, F_GETFD), fcntl(fd, F_GETOWN) == getpid());
			close(fd);
		}
}

static volatile int asyncs, async_fd;

static void on_async(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	asyncs++;
	async_fd = info->si_fd;
}

PROBE(a_connection_signals_its_owner)
{
	struct sigaction action = { .sa_sigaction = on_async, .sa_flags = SA_SIGINFO | SA_RESTART };
	sigaction(SIGRTMIN, &action, NULL);
	for (int blocks = 0; blocks < 2; blocks++) {
		union name to;
		int l = receiver(AF_INET, SOCK_STREAM, &to, 1), fd = socket(AF_INET, SOCK_STREAM, 0);
		fcntl(fd, F_SETSIG, SIGRTMIN);
		fcntl(fd, F_SETOWN, getpid());
		fcntl(fd, F_SETFL, O_ASYNC | (blocks ? 0 : O_NONBLOCK));
		asyncs = 0;
		say("%s", connected(fd, &to));
		events(fd, QUICK_MS);
		close(accept(l, NULL, NULL));
		say("told %d of %s", reaches(&asyncs, 2), async_fd == fd ? "it" : "another");
		close(fd);
		close(l);
	}
}

PROBE(epoll_tells_each_edge)
{
	for (int blocks = 0; blocks < 2; blocks++)
		for (int refused = 0; refused < 2; refused++) {
			union name to, nobody = deaf(AF_INET);
			receiver(AF_INET, SOCK_STREAM, &to, 1);
			int fd = socket(AF_INET, SOCK_STREAM | (blocks ? 0 : SOCK_NONBLOCK), 0), ep = epoll_create1(0);
			struct epoll_event event = { EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, { .fd = fd } };
			epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
			for (int i = 0; i < 3; i++) {
				int count = epoll_wait(ep, &event, 1, i == 1 ? QUICK_MS : 50);
				say("%d %#x", count, count > 0 ? event.events : 0);
				if (i == 0)
					say("%s", connected(fd, refused ? &nobody : &to));
			}
			close(fd);
		}
}

PROBE(a_connection_that_carries_data)
{
	for (int blocks = 0; blocks < 2; blocks++) {
		union name to;
		int l = receiver(AF_INET, SOCK_STREAM, &to, 1), fd = socket(AF_INET, SOCK_STREAM | (blocks ? 0 : SOCK_NONBLOCK), 0);
		set(l, IPPROTO_TCP, TCP_FASTOPEN, 5);
		set(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
		say("%s", connected(fd, &to));
		say("state %d, %#x", state(fd), (unsigned)events(fd, 0));
		say("again %s", connected(fd, &to));
		ssize_t sent = write(fd, "early", 5);
		say("write %s", sent < 0 ? strerrorname_np(errno) : "ok");
		events(fd, QUICK_MS);
		say("state %d, again %s", state(fd), connected(fd, &to));
		close(fd);
		close(l);
	}
	union name to;
	int l = receiver(AF_INET, SOCK_STREAM, &to, 1), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	set(l, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5);
	say("%s", connected(fd, &to));
	say("%#x", (unsigned)events(fd, QUICK_MS));
	fcntl(l, F_SETFL, O_NONBLOCK);
	say("accept %s", outcome(accept(l, NULL, NULL)));
	say("write %zd", write(fd, "d", 1));
	say("%#x", (unsigned)events(l, QUICK_MS));
	say("accept %s", outcome(accept(l, NULL, NULL)));
}
