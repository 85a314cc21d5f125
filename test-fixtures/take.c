/*
 * Takes the descriptors that a unix peer hands over and talks by them: take HOW FROM PATH
 *
 * HOW: recvmsg, recvmmsg; late, a recvmsg when the message is there already; thread, a recvmsg of a thread that shares its descriptors with
 *      nobody, and which talks itself; and four by which the kernel installs a descriptor and tells
 *      nobody its number, so that it is guessed: efault, whose name cannot be written, split, whose control data cannot, but for the number,
 *      over, whose name is written over the number, and alias, the same by another address of the same memory.
 * FROM: connect (to PATH), accept (listens at PATH), bind (a datagram socket at PATH), child (a process of our own hands over PATH's kind:
 *       pair, free, or a number: that descriptor of ours).
 * Each descriptor gets "hello" by write(2). stdout: a line "N OUTCOME" for the Nth; "ok", or the name of the errno.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static union {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(16 * sizeof(int))];
} control;
static char byte[16];
static struct iovec part = { byte, sizeof byte };

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static struct sockaddr_un name;

static socklen_t read_name(const char *path)
{
	name.sun_family = AF_UNIX;
	strncpy(name.sun_path, path, sizeof name.sun_path - 1);
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (name.sun_path[0] == '@')
		name.sun_path[0] = 0;
	return length;
}

static int handed_by_child(const char *kind)
{
	int ends[2], pair[2] = { -1, -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		die("socketpair");
	if (fork() == 0) {
		int given = atoi(kind);
		if (!strcmp(kind, "free"))
			given = socket(AF_INET, SOCK_DGRAM, 0);
		if (!strcmp(kind, "pair") && !socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
			given = pair[0];
		struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_LEN(sizeof given) };
		struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
		*rights = (struct cmsghdr){ CMSG_LEN(sizeof given), SOL_SOCKET, SCM_RIGHTS };
		memcpy(CMSG_DATA(rights), &given, sizeof given);
		if (sendmsg(ends[1], &message, 0) < 0)
			die("sendmsg");
		_exit(0);
	}
	wait(NULL);
	return ends[0];
}

static int channel(const char *from, const char *path)
{
	if (!strcmp(from, "child"))
		return handed_by_child(path);
	socklen_t length = read_name(path);
	int s = socket(AF_UNIX, !strcmp(from, "bind") ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (!strcmp(from, "connect")) {
		if (connect(s, (struct sockaddr *)&name, length))
			die("connect");
		return s;
	}
	if (bind(s, (struct sockaddr *)&name, length))
		die("bind");
	if (!strcmp(from, "bind"))
		return s;
	if (listen(s, 1))
		die("listen");
	return accept(s, NULL, NULL);
}

static int receive_and_talk(int s, const char *how);

static char **words;

static void *in_private(void *unused)
{
	(void)unused;
	if (unshare(CLONE_FILES))
		die("unshare");
	receive_and_talk(channel(words[2], words[3]), words[1]);
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: take HOW FROM PATH\n");
		return 2;
	}
	words = argv;
	if (!strcmp(argv[1], "thread")) {
		pthread_t thread;
		pthread_create(&thread, NULL, in_private, NULL);
		pthread_join(thread, NULL);
		return 0;
	}
	return receive_and_talk(channel(argv[2], argv[3]), argv[1]);
}

static int receive_and_talk(int s, const char *how)
{
	struct mmsghdr messages[2] = { { .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control } } };
	messages[1].msg_hdr.msg_iov = &part;
	messages[1].msg_hdr.msg_iovlen = 1;
	if (!strcmp(how, "late")) {
		struct pollfd ready = { s, POLLIN, 0 };
		poll(&ready, 1, 5000);
	}
	if (!strcmp(how, "efault") || !strcmp(how, "split") || !strcmp(how, "over") || !strcmp(how, "alias")) {
		if (how[0] == 'e') {
			messages[0].msg_hdr.msg_name = (void *)8;
			messages[0].msg_hdr.msg_namelen = sizeof name;
		} else if (how[0] != 's') {
			int file = memfd_create("control", 0);
			if (ftruncate(file, 4096))
				die("ftruncate");
			char *room = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
			char *again = how[0] == 'a' ? mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : room;
			close(file);
			messages[0].msg_hdr.msg_control = room;
			messages[0].msg_hdr.msg_name = again + CMSG_LEN(0);
			messages[0].msg_hdr.msg_namelen = sizeof(int);
		} else {
			char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			mprotect(pages, 4096, PROT_READ);
			messages[0].msg_hdr.msg_control = pages + 4096 - CMSG_LEN(0);
		}
		int guess = dup(1);
		close(guess);
		recvmsg(s, &messages[0].msg_hdr, 0);
		printf("1 %s\n", write(guess, "hello", 5) == 5 ? "ok" : strerrorname_np(errno));
		return 0;
	}
	if ((!strcmp(how, "recvmmsg") ? recvmmsg(s, messages, 2, MSG_WAITFORONE, NULL) : recvmsg(s, &messages[0].msg_hdr, 0)) <= 0)
		die(how);
	int count = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&messages[0].msg_hdr); c; c = CMSG_NXTHDR(&messages[0].msg_hdr, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			printf("%d %s\n", ++count, write(fd, "hello", 5) == 5 ? "ok" : strerrorname_np(errno));
		}
	}
	return 0;
}
