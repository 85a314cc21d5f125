/*
 * Changes what a call points at while the call is made: race CALL WHAT BY TRIES ALLOWED FORBIDDEN [FORBIDDEN_PORT]
 *
 * CALL: connect, udp-connect, bind, sendto, sendmsg, sendmmsg, and unix-connect, unix-sendto, unix-sendmsg.
 * WHAT: content  the bytes of the address
 *       pointer  msg_name
 *       length   msg_namelen, between 0 (a socket connected to ALLOWED sends there) and the whole address
 *       header   the whole struct msghdr
 * BY: thread, or process (which shares the memory).
 * ALLOWED and FORBIDDEN are addresses of one family, of unix sockets paths. ALLOWED must be this machine's own; the ports of it are
 * those of sockets made here. For bind FORBIDDEN must be the machine's own too.
 *
 * stdout: "allowed N forbidden N denied N other N", as far as this process can see where its calls went: a sendto() that succeeds
 * counts as allowed, and the receiver knows better. Exit 0.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un path;
};

/* Shared with whoever flips. */
static struct scene {
	union name flipped, allowed, forbidden;
	struct mmsghdr messages[2];
	struct msghdr to_allowed, to_forbidden;
	struct iovec part;
	volatile int stop;
} *scene;

static socklen_t length;
static const char *what;

static void die(const char *doing)
{
	fprintf(stderr, "race: %s: %s\n", doing, strerror(errno));
	exit(2);
}

static void read_name(union name *name, const char *text, int port)
{
	if (inet_pton(AF_INET, text, &name->v4.sin_addr) == 1) {
		name->v4.sin_family = AF_INET;
		name->v4.sin_port = htons((uint16_t)port);
		length = sizeof name->v4;
	} else if (inet_pton(AF_INET6, text, &name->v6.sin6_addr) == 1) {
		name->v6.sin6_family = AF_INET6;
		name->v6.sin6_port = htons((uint16_t)port);
		length = sizeof name->v6;
	} else {
		name->path.sun_family = AF_UNIX;
		strncpy(name->path.sun_path, text, sizeof name->path.sun_path - 1);
		length = sizeof name->path;
	}
}

/* memcpy would copy whole words; a half-changed address is one more chance. */
static void copy(volatile void *to, const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		((volatile char *)to)[i] = ((const char *)from)[i];
}

/* Either state for as long as the other: so many changes a look at `stop`. */
enum { CHANGES = 1000 };

static void *flip(void *unused)
{
	volatile struct msghdr *header = &scene->messages[0].msg_hdr;
	while (!scene->stop) {
		if (!strcmp(what, "content"))
			for (int i = 0; i < CHANGES; i++)
				copy(&scene->flipped, i % 2 ? &scene->forbidden : &scene->allowed, length);
		else if (!strcmp(what, "pointer"))
			for (int i = 0; i < CHANGES; i++)
				header->msg_name = i % 2 ? &scene->forbidden : &scene->allowed;
		else if (!strcmp(what, "length"))
			for (int i = 0; i < CHANGES; i++)
				header->msg_namelen = i % 2 ? length : 0;
		else
			for (int i = 0; i < CHANGES; i++)
				copy(header, i % 2 ? &scene->to_forbidden : &scene->to_allowed, sizeof *header);
	}
	return unused;
}

/* A socket that takes what goes to the name; the name learns its port. */
static int sink(union name *name, int type)
{
	int s = socket(name->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = sizeof *name;
	if (name->any.sa_family == AF_UNIX)
		unlink(name->path.sun_path);
	if (s < 0 || bind(s, &name->any, length) || (type == SOCK_STREAM && listen(s, 4096)))
		die("sink");
	if (name->any.sa_family != AF_UNIX && getsockname(s, &name->any, &size))
		die("getsockname");
	return s;
}

static int try(const char *call, int s)
{
	if (strstr(call, "connect"))
		return connect(s, &scene->flipped.any, length);
	if (!strcmp(call, "bind"))
		return bind(s, &scene->flipped.any, length);
	if (strstr(call, "sendto"))
		return sendto(s, "x", 1, MSG_DONTWAIT, &scene->flipped.any, length) < 0;
	if (strstr(call, "sendmsg"))
		return sendmsg(s, &scene->messages[0].msg_hdr, MSG_DONTWAIT) < 0;
	return sendmmsg(s, scene->messages, 2, MSG_DONTWAIT) < 0;
}

/* Where a connected or bound socket ended; 0 for ALLOWED. */
static int ended_elsewhere(const char *call, int s)
{
	union name end = { .any.sa_family = AF_UNSPEC };
	socklen_t size = sizeof end;
	if ((!strcmp(call, "bind") ? getsockname : getpeername)(s, &end.any, &size))
		return 0; /* an address that was judged well, and reset since */
	if (end.any.sa_family == AF_INET)
		return end.v4.sin_addr.s_addr != scene->allowed.v4.sin_addr.s_addr;
	if (end.any.sa_family == AF_INET6)
		return memcmp(&end.v6.sin6_addr, &scene->allowed.v6.sin6_addr, 16) != 0;
	return strcmp(end.path.sun_path, scene->allowed.path.sun_path) != 0;
}

static long drained(int s)
{
	char byte;
	long count = 0;
	while (recv(s, &byte, 1, MSG_DONTWAIT) >= 0)
		count++;
	return count;
}

int main(int argc, char **argv)
{
	if (argc < 7) {
		fprintf(stderr, "usage: race CALL WHAT BY TRIES ALLOWED FORBIDDEN [FORBIDDEN_PORT]\n");
		return 2;
	}
	const char *call = argv[1];
	what = argv[2];
	long tries = atol(argv[4]);
	scene = mmap(NULL, sizeof *scene, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	read_name(&scene->allowed, argv[5], 0);
	read_name(&scene->forbidden, argv[6], argc > 7 ? atoi(argv[7]) : 0);
	int unix_socket = scene->allowed.any.sa_family == AF_UNIX, is_bind = !strcmp(call, "bind");
	int type = !strcmp(call, "connect") || !strcmp(call, "unix-connect") ? SOCK_STREAM : SOCK_DGRAM;
	int allowed_sink = is_bind ? -1 : sink(&scene->allowed, type);
	int forbidden_sink = unix_socket ? sink(&scene->forbidden, type) : -1;
	scene->flipped = scene->allowed;
	scene->part = (struct iovec){ "x", 1 };
	scene->to_allowed = (struct msghdr){ .msg_name = &scene->allowed, .msg_namelen = length,
					     .msg_iov = &scene->part, .msg_iovlen = 1 };
	scene->to_forbidden = scene->to_allowed;
	scene->to_forbidden.msg_name = &scene->forbidden;
	for (int i = 0; i < 2; i++) {
		scene->messages[i].msg_hdr = scene->to_allowed;
		if (strcmp(what, "pointer") && strcmp(what, "header"))
			scene->messages[i].msg_hdr.msg_name = &scene->flipped;
	}
	int s = socket(scene->allowed.any.sa_family, type | SOCK_CLOEXEC, 0);
	if (!strcmp(what, "length")) {
		scene->flipped = scene->forbidden;
		if (connect(s, &scene->allowed.any, length))
			die("connect");
	}
	pthread_t thread;
	pid_t child = -1;
	if (!strcmp(argv[3], "thread")) {
		if (pthread_create(&thread, NULL, flip, NULL))
			die("pthread_create");
	} else if ((child = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		flip(NULL);
		_exit(0);
	}
	long allowed = 0, forbidden = 0, denied = 0, other = 0;
	/* On a busy machine the flipper may not get to run for a while: then go on for longer. */
	for (long i = 0; i < tries || (i < 20 * tries && !(allowed && denied) && !forbidden && !other); i++) {
		int one = type == SOCK_STREAM || is_bind ? socket(scene->allowed.any.sa_family, type | SOCK_CLOEXEC, 0) : s;
		if (try(call, one)) {
			if (errno == EPERM)
				denied++;
			else if (errno != EAGAIN && other++ == 0)
				perror("race");
		} else if ((strstr(call, "connect") || is_bind) && ended_elsewhere(call, one)) {
			forbidden++;
		} else {
			allowed++;
		}
		if (one != s) {
			struct linger none = { 1, 0 }; /* no TIME_WAIT: the ports would run out */
			setsockopt(one, SOL_SOCKET, SO_LINGER, &none, sizeof none);
			close(one);
		}
		if (type == SOCK_STREAM)
			close(accept(allowed_sink, NULL, NULL));
		else if (allowed_sink >= 0)
			drained(allowed_sink);
		if (forbidden_sink >= 0 && type == SOCK_DGRAM)
			forbidden += drained(forbidden_sink);
	}
	scene->stop = 1;
	if (child > 0)
		waitpid(child, NULL, 0);
	else
		pthread_join(thread, NULL);
	printf("allowed %ld forbidden %ld denied %ld other %ld\n", allowed, forbidden, denied, other);
	return 0;
}
