/*
 * A thread, and then a child, each send a datagram that the caller is left to send itself, for its many pieces:
 * sanitized ADDRESS PORT. Compile with -fsanitize=thread.
 * stdout: a line "sent N" or the errno's name for each, and "vault" where the vault is mapped then.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIECES = 6 };

static struct sockaddr_in to;

static void *send_pieces(void *unused)
{
	struct iovec pieces[PIECES];
	for (int i = 0; i < PIECES; i++)
		pieces[i] = (struct iovec){ "x", 1 };
	struct msghdr message = { .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = pieces, .msg_iovlen = PIECES };
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	long sent = sendmsg(s, &message, 0);
	if (sent < 0)
		puts(strerrorname_np(errno));
	else
		printf("sent %ld\n", sent);
	close(s);
	return unused;
}

static void look_for_the_vault(void)
{
	char line[500];
	FILE *maps = fopen("/proc/self/maps", "r");
	while (maps && fgets(line, sizeof line, maps))
		if (strstr(line, "/memfd:secfilt"))
			puts("vault");
	if (maps)
		fclose(maps);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: sanitized ADDRESS PORT\n");
		return 2;
	}
	to = (struct sockaddr_in){ AF_INET, htons((uint16_t)atoi(argv[2])), { inet_addr(argv[1]) }, { 0 } };
	pthread_t sender;
	pthread_create(&sender, NULL, send_pieces, NULL);
	pthread_join(sender, NULL);
	look_for_the_vault();
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		send_pieces(NULL);
		fflush(stdout);
		_exit(0);
	}
	int status;
	return waitpid(child, &status, 0) != child || status != 0;
}
