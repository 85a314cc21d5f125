/* Descriptors: a thread's own, such as come by a message, and none that is left. */
#include "probe-inet.h"

/* A thread with descriptors of its own: the same number is two sockets. */
static int same_number;

static void *with_own_descriptors(void *to)
{
	if (unshare(CLONE_FILES))
		say("unshare: %s", strerrorname_np(errno));
	int own = socket(AF_INET, SOCK_DGRAM, 0);
	dup2(own, same_number);
	for (int i = 0; i < 100; i++) {
		union name name = *(union name *)to, peer = { 0 };
		socklen_t length = sizeof peer;
		name.v4.sin_port = htons((uint16_t)(2000 + i));
		if (connect(same_number, &name.any, size_of(&name)) || getpeername(same_number, &peer.any, &length) || peer.v4.sin_port != name.v4.sin_port)
			say("in the thread: %s", strerrorname_np(errno));
	}
	return NULL;
}

PROBE(threads_with_descriptors_of_their_own)
{
	union name to = loopback(AF_INET);
	int wrong = 0;
	for (int i = 0; i < 50; i++) {
		same_number = socket(AF_INET, SOCK_DGRAM, 0);
		pthread_t thread;
		pthread_create(&thread, NULL, with_own_descriptors, &to);
		for (int j = 0; j < 100; j++) {
			union name name = to, peer = { 0 };
			socklen_t length = sizeof peer;
			name.v4.sin_port = htons((uint16_t)(3000 + j));
			if (connect(same_number, &name.any, size_of(&name)) || getpeername(same_number, &peer.any, &length) || peer.v4.sin_port != name.v4.sin_port)
				wrong++;
		}
		pthread_join(thread, NULL);
		close(same_number);
	}
	say("wrong %d", wrong);
}

static int connects_to(int fd, uint16_t port)
{
	union name name = loopback(AF_INET), peer = { 0 };
	socklen_t length = sizeof peer;
	name.v4.sin_port = htons(port);
	return connect(fd, &name.any, size_of(&name)) == 0 && getpeername(fd, &peer.any, &length) == 0 && peer.v4.sin_port == name.v4.sin_port;
}

static void *part_from_the_others(void *unused)
{
	say("before %d", connects_to(same_number, 2000));
	if (unshare(CLONE_FILES))
		say("unshare: %s", strerrorname_np(errno));
	dup2(socket(AF_INET, SOCK_DGRAM, 0), same_number);
	say("after %d", connects_to(same_number, 2001));
	return unused;
}

PROBE(a_thread_that_parts_from_the_descriptors_of_the_others)
{
	same_number = socket(AF_INET, SOCK_DGRAM, 0);
	pthread_t thread;
	pthread_create(&thread, NULL, part_from_the_others, NULL);
	pthread_join(thread, NULL);
	union name peer = { 0 };
	socklen_t length = sizeof peer;
	getpeername(same_number, &peer.any, &length);
	say("the others' %d", ntohs(peer.v4.sin_port));
}

PROBE(no_descriptor_is_left_for_a_call)
{
	union name to, stream;
	receiver(AF_INET, SOCK_DGRAM, &to, 0);
	receiver(AF_INET, SOCK_STREAM, &stream, 1);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
	struct rlimit all = { (rlim_t)tcp + 1, (rlim_t)tcp + 1 };
	setrlimit(RLIMIT_NOFILE, &all);
	say("none is free: %s", outcome(dup(fd)));
	say("%s", connected(fd, &to));
	say("%s", outcome(sendto(fd, "x", 1, 0, &to.any, size_of(&to))));
	say("%s", connected(tcp, &stream));
}

static void say_control(const char *what, struct msghdr *header, const unsigned char *control, size_t length, ssize_t got)
{
	size_t kept = 0;
	while (kept < length && control[length - 1 - kept] == 0xa7)
		kept++;
	say("%s %s, control of %zu, %zu bytes as before, flags %#x", what, outcome(got), header->msg_controllen, kept, (unsigned)header->msg_flags);
}

/* Where nothing comes, there stands what stood there. */
PROBE(room_for_descriptors_stays_as_it_was)
{
	int pair[2], given = open("/dev/null", O_RDONLY);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	for (int round = 0; round < 3; round++) {
		unsigned char control[64], byte;
		memset(control, 0xa7, sizeof control);
		struct iovec part = { &byte, 1 };
		struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
		if (round > 0) { /* nothing comes, a byte, a byte with a descriptor */
			union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr first; } sent = { .first = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
			memcpy(CMSG_DATA(&sent.first), &given, sizeof given);
			struct msghdr out = { .msg_iov = &part, .msg_iovlen = 1 };
			if (round == 2) {
				out.msg_control = sent.bytes;
				out.msg_controllen = sizeof sent.bytes;
			}
			say("send %s", outcome(sendmsg(pair[1], &out, 0)));
		}
		say_control("receive", &header, control, sizeof control, recvmsg(pair[0], &header, MSG_DONTWAIT));
	}
	struct msghdr none = { .msg_control = (char[64]){ 0 }, .msg_controllen = 64 };
	say("on no descriptor %s", outcome(recvmsg(-1, &none, 0)));
}
