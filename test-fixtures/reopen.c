/*
 * Harmless: one thread sends long datagrams to 127.0.0.1:9, another closes the socket again and again and opens a TCP socket, which
 * gets its number, as a program does that is configured anew: reopen MILLIS. Ends with 0 if some were sent.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BYTES = 20000 };

static volatile int current = -1;
static volatile int over;
static volatile long sent;

static void *send_on(void *unused)
{
	static char datagram[BYTES];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	while (!over) {
		int fd = current;
		if (fd >= 0)
			sent += sendto(fd, datagram, BYTES, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof to) == BYTES;
	}
	return unused;
}

static long millis(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int count, char **words)
{
	if (count != 2)
		return 2;
	pthread_t sender;
	pthread_create(&sender, NULL, send_on, NULL);
	for (long end = millis() + atoi(words[1]); millis() < end;) {
		int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
		current = datagrams;
		usleep(rand() % 2000);
		close(datagrams);
		int stream = socket(AF_INET, SOCK_STREAM, 0);
		usleep(rand() % 300);
		current = -1;
		close(stream);
	}
	over = 1;
	pthread_join(sender, NULL);
	return sent == 0;
}
