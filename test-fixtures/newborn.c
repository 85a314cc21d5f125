/*
 * Sends to an address in a page that a thread is to fill which was made just before (userfaultfd): newborn TRIES
 *
 * Whoever reads the page waits for that thread, which may not have run yet. Needs root, or vm.unprivileged_userfaultfd.
 * stdout: "sent N", all of them.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
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

static char *page, filled[PAGE];
static int faults;

static int open_faults(void)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (fd >= 0)
		return fd;
	int device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
	return device < 0 ? -1 : ioctl(device, USERFAULTFD_IOC_NEW, O_CLOEXEC);
}

static void *fill(void *unused)
{
	struct uffd_msg fault;
	struct uffdio_copy copy = { (unsigned long)page, (unsigned long)filled, PAGE, 0, 0 };
	if (read(faults, &fault, sizeof fault) != sizeof fault || ioctl(faults, UFFDIO_COPY, &copy))
		perror("newborn: fill");
	return unused;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: newborn TRIES\n");
		return 2;
	}
	int s = socket(AF_INET, SOCK_DGRAM, 0), sent = 0;
	struct sockaddr_in to = { AF_INET, htons(9), { htonl(INADDR_LOOPBACK) }, { 0 } };
	memcpy(filled, &to, sizeof to);
	faults = open_faults();
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_api api = { UFFD_API, 0, 0 };
	struct uffdio_register where = { { (unsigned long)page, PAGE }, UFFDIO_REGISTER_MODE_MISSING, 0 };
	if (faults < 0 || ioctl(faults, UFFDIO_API, &api) || ioctl(faults, UFFDIO_REGISTER, &where)) {
		perror("newborn: userfaultfd");
		return 3;
	}
	for (int i = atoi(argv[1]); i > 0; i--) {
		pthread_t filler;
		pthread_create(&filler, NULL, fill, NULL);
		sent += sendto(s, "x", 1, 0, (struct sockaddr *)page, sizeof to) == 1;
		pthread_join(filler, NULL);
		madvise(page, PAGE, MADV_DONTNEED);
	}
	printf("sent %d\n", sent);
	return 0;
}
