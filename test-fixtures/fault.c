/*
 * Sends to an address in a page that userfaultfd fills anew at each fault, now with ALLOWED, now with FORBIDDEN, so that whoever reads it
 * twice reads two things: fault TRIES ALLOWED FORBIDDEN
 *
 * Both are this machine's own IPv4 addresses; the port is that of a socket bound to FORBIDDEN. Needs root, or vm.unprivileged_userfaultfd.
 * stdout: "sent N denied N other N forbidden N", the last being what arrived at FORBIDDEN.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096 };

static struct sockaddr_in allowed, forbidden;
static char *page, filled[PAGE];
static int faults;
static pthread_barrier_t begun; /* nobody fills the page for whoever reads it before the filler is there */

static void *fill(void *unused)
{
	struct uffd_msg fault;
	pthread_barrier_wait(&begun);
	for (int i = 0; read(faults, &fault, sizeof fault) == sizeof fault; i++) {
		memcpy(filled, i % 2 ? &forbidden : &allowed, sizeof allowed);
		struct uffdio_copy copy = { (unsigned long)page, (unsigned long)filled, PAGE, 0, 0 };
		struct uffdio_range range = { (unsigned long)page, PAGE };
		if (ioctl(faults, UFFDIO_COPY, &copy))
			ioctl(faults, UFFDIO_WAKE, &range); /* it is there already: nobody else wakes the reader */
		usleep(20);
		madvise(page, PAGE, MADV_DONTNEED);
	}
	return unused;
}

static int open_faults(void)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (fd >= 0)
		return fd;
	int device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC); /* which takes no capability, but root's file mode */
	return device < 0 ? -1 : ioctl(device, USERFAULTFD_IOC_NEW, O_CLOEXEC);
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: fault TRIES ALLOWED FORBIDDEN\n");
		return 2;
	}
	int s = socket(AF_INET, SOCK_DGRAM, 0), sink = socket(AF_INET, SOCK_DGRAM, 0);
	forbidden = (struct sockaddr_in){ AF_INET, 0, { inet_addr(argv[3]) }, { 0 } };
	socklen_t length = sizeof forbidden;
	if (bind(sink, (struct sockaddr *)&forbidden, length) || getsockname(sink, (struct sockaddr *)&forbidden, &length))
		return 2;
	allowed = forbidden;
	allowed.sin_addr.s_addr = inet_addr(argv[2]);
	faults = open_faults();
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_api api = { UFFD_API, 0, 0 };
	struct uffdio_register where = { { (unsigned long)page, PAGE }, UFFDIO_REGISTER_MODE_MISSING, 0 };
	if (faults < 0 || ioctl(faults, UFFDIO_API, &api) || ioctl(faults, UFFDIO_REGISTER, &where)) {
		perror("fault: userfaultfd");
		return 3;
	}
	pthread_t filler;
	pthread_barrier_init(&begun, NULL, 2);
	pthread_create(&filler, NULL, fill, NULL);
	pthread_barrier_wait(&begun);
	long sent = 0, denied = 0, other = 0, arrived = 0;
	char byte;
	for (long i = atol(argv[1]); i > 0; i--) {
		if (sendto(s, "x", 1, MSG_DONTWAIT, (struct sockaddr *)page, length) == 1)
			sent++;
		else if (errno == EPERM)
			denied++;
		else
			other++;
		while (recv(sink, &byte, 1, MSG_DONTWAIT) >= 0)
			arrived++;
	}
	printf("sent %ld denied %ld other %ld forbidden %ld\n", sent, denied, other, arrived);
	return 0;
}
