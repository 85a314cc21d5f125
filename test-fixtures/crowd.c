/*
 * Many threads that connect at once, to two places in turn: crowd THREADS ROUNDS ADDRESS PORT ADDRESS PORT.
 * stdout: for each place a line "ADDRESS PORT OUTCOME COUNT" per outcome: "ok", or the name of the errno.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_THREADS = 500, ERRNOS = 200 };

static struct place {
	const char *address;
	int port;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} name;
	socklen_t length;
	atomic_int outcomes[ERRNOS]; /* by errno, 0 for success */
} places[2];

static int rounds;
static pthread_barrier_t start;

static int read_place(struct place *place, const char *address, const char *port)
{
	place->address = address;
	place->port = atoi(port);
	if (inet_pton(AF_INET, address, &place->name.v4.sin_addr) == 1) {
		place->name.v4.sin_family = AF_INET;
		place->name.v4.sin_port = htons((uint16_t)place->port);
		place->length = sizeof place->name.v4;
	} else if (inet_pton(AF_INET6, address, &place->name.v6.sin6_addr) == 1) {
		place->name.v6.sin6_family = AF_INET6;
		place->name.v6.sin6_port = htons((uint16_t)place->port);
		place->length = sizeof place->name.v6;
	}
	return place->length ? 0 : -1;
}

static void *member(void *number)
{
	pthread_barrier_wait(&start);
	for (int i = 0; i < rounds; i++) {
		struct place *place = &places[((long)number + i) % 2];
		int s = socket(place->name.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int failed = s < 0 || connect(s, &place->name.any, place->length);
		place->outcomes[failed ? errno % ERRNOS : 0]++;
		/* without lingering in TIME_WAIT: the ports would run out */
		struct linger none = { 1, 0 };
		setsockopt(s, SOL_SOCKET, SO_LINGER, &none, sizeof none);
		close(s);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc == 7 ? atoi(argv[1]) : 0;
	if (threads < 1 || threads > MOST_THREADS || read_place(&places[0], argv[3], argv[4]) || read_place(&places[1], argv[5], argv[6])) {
		fprintf(stderr, "usage: crowd THREADS ROUNDS ADDRESS PORT ADDRESS PORT\n");
		return 2;
	}
	rounds = atoi(argv[2]);
	pthread_barrier_init(&start, NULL, (unsigned)threads);
	pthread_t all[MOST_THREADS];
	for (long i = 0; i < threads; i++)
		if (pthread_create(&all[i], NULL, member, (void *)i)) {
			perror("crowd: pthread_create");
			return 2;
		}
	for (int i = 0; i < threads; i++)
		pthread_join(all[i], NULL);
	for (int p = 0; p < 2; p++)
		for (int error = 0; error < ERRNOS; error++)
			if (places[p].outcomes[error])
				printf("%s %d %s %d\n", places[p].address, places[p].port,
				       error ? strerrorname_np(error) : "ok", places[p].outcomes[error]);
	return 0;
}
