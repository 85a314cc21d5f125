// Sends by a UDP socket while another thread connects it back and forth between two peers: the kernel reads address and port without a lock, so
// some go to the one's address at the other's port, which nobody named.
//
//   mix-peers mix A PORT B PORT MILLIS     sends; prints how often it connected: "connected N"
//   mix-peers count A PORT B PORT          receives where nobody sends to: A at B's port and B at A's. Prints "ready", and at the end of its
//                                          standard input how many came: "mixed N"
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_storage peers[2];
static socklen_t length;
static int domain, sender;
static volatile int over;

static void name(struct sockaddr_storage *to, const char *address, const char *port) {
	domain = strchr(address, ':') ? AF_INET6 : AF_INET;
	struct sockaddr_in *in = (struct sockaddr_in *) to;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) to;
	to->ss_family = domain;
	in->sin_port = htons(atoi(port)); // where sin6_port is
	if (inet_pton(domain, address, domain == AF_INET ? (void *) &in->sin_addr : (void *) &in6->sin6_addr) != 1) {
		exit(2);
	}
	length = domain == AF_INET ? sizeof *in : sizeof *in6;
}

static void *send_on(void *unused) {
	while (!over) {
		send(sender, "m", 1, MSG_DONTWAIT);
	}
	return unused;
}

static int mix(long millis) {
	struct timespec begun, now;
	pthread_t thread;
	long connects = 0;
	sender = socket(domain, SOCK_DGRAM, 0);
	clock_gettime(CLOCK_MONOTONIC, &begun);
	if (pthread_create(&thread, NULL, send_on, NULL)) {
		return 2;
	}
	do {
		connects += connect(sender, (struct sockaddr *) &peers[connects % 2], length) == 0;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begun.tv_sec) * 1000 + (now.tv_nsec - begun.tv_nsec) / 1000000 < millis);
	over = 1;
	pthread_join(thread, NULL);
	printf("connected %ld\n", connects);
	return 0;
}

static int count(void) {
	struct pollfd watched[3] = {{0, POLLIN, 0}};
	long came = 0;
	char byte;
	for (int i = 0; i < 2; i++) {
		struct sockaddr_storage crossed = peers[i];
		((struct sockaddr_in *) &crossed)->sin_port = ((struct sockaddr_in *) &peers[1 - i])->sin_port;
		watched[1 + i].fd = socket(domain, SOCK_DGRAM, 0);
		watched[1 + i].events = POLLIN;
		if (bind(watched[1 + i].fd, (struct sockaddr *) &crossed, length)) {
			perror("bind");
			return 2;
		}
	}
	puts("ready");
	fflush(stdout);
	for (int open = 1; open;) {
		if (poll(watched, 3, -1) < 0) {
			return 2;
		}
		open = !watched[0].revents || read(0, &byte, 1) > 0;
		for (int i = 1; i < 3; i++) {
			while (recv(watched[i].fd, &byte, 1, MSG_DONTWAIT) >= 0) {
				came++;
			}
		}
	}
	printf("mixed %ld\n", came);
	return 0;
}

int main(int argc, char **argv) {
	if (argc < 6) {
		return 2;
	}
	name(&peers[0], argv[2], argv[3]);
	name(&peers[1], argv[4], argv[5]);
	return strcmp(argv[1], "mix") == 0 && argc == 7 ? mix(atol(argv[6])) : count();
}
