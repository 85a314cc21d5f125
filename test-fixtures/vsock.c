/*
 * Serves by vsock, which virtual machines and their host talk by, and calls itself: vsock [FD COMMAND...]
 *
 * It listens at every own address and a port that the kernel chooses, then connects there by this machine's own number, which /dev/vsock tells
 * root, and to no other: the kernel leads that back here where it has vsock_loopback, and else nowhere. With COMMAND that is executed with
 * the listening socket as FD.
 *
 * stdout: a line each for "socket", "bind", "listen", and "arrived" of what it sent itself: "ok", or the name of the errno. The first that
 * fails is the last.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const char hello[] = "hello";

static int tell(const char *what, int result)
{
	printf("%s %s\n", what, result < 0 ? strerrorname_np(errno) : "ok");
	if (result < 0)
		exit(0);
	return result;
}

static int own_number(unsigned *number)
{
	int device = open("/dev/vsock", O_RDONLY | O_CLOEXEC);
	if (device < 0 || ioctl(device, IOCTL_VM_SOCKETS_GET_LOCAL_CID, number) < 0)
		return -1;
	close(device);
	errno = ENODEV;
	return *number > VMADDR_CID_HOST && *number != VMADDR_CID_ANY ? 0 : -1;
}

/* 0 if what is sent to our own number comes in. */
static int call_oneself(int server, unsigned port)
{
	struct sockaddr_vm to = { .svm_family = AF_VSOCK, .svm_port = port };
	struct timeval limit = { 2, 0 };
	char heard[sizeof hello];
	if (own_number(&to.svm_cid))
		return -1;
	int client = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client < 0 || setsockopt(client, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &limit, sizeof limit)
	    || connect(client, (struct sockaddr *)&to, sizeof to) || write(client, hello, sizeof hello) < 0)
		return -1;
	int accepted = accept(server, NULL, NULL);
	errno = ENOMSG;
	return accepted >= 0 && read(accepted, heard, sizeof heard) == sizeof heard && !memcmp(heard, hello, sizeof hello) ? 0 : -1;
}

int main(int argc, char **argv)
{
	if (argc == 2) {
		fprintf(stderr, "usage: vsock [FD COMMAND...]\n");
		return 2;
	}
	struct sockaddr_vm all = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = VMADDR_PORT_ANY };
	socklen_t length = sizeof all;
	int server = tell("socket", socket(AF_VSOCK, SOCK_STREAM, 0));
	tell("bind", bind(server, (struct sockaddr *)&all, sizeof all));
	tell("listen", listen(server, 1));
	fflush(stdout);
	if (argc > 2) {
		int fd = atoi(argv[1]);
		if (dup2(server, fd) != fd)
			return 2;
		if (server != fd)
			close(server);
		execvp(argv[2], argv + 2);
		return 2;
	}
	tell("arrived", getsockname(server, (struct sockaddr *)&all, &length) ? -1 : call_oneself(server, all.svm_port));
	return 0;
}
