/*
 * Has a process of a run get the number that the command had: reused HOW FILE
 *
 *   leave   the command: connects to 10.77.2.1:8002/udp, leaves a child behind and ends. The child writes the command's number to FILE, waits
 *           until FILE is empty, and makes processes until one has that number, which ends with 3: "ended with N" then stands in FILE.done
 *   spin    outside of the run: makes processes until the numbers come near the one in FILE
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NEAR = 250, MOST = 1 << 17 };

/* With the code, if it is to have this number. */
static pid_t make(pid_t number, int *code)
{
	int status;
	pid_t child = vfork();
	if (!child)
		_exit(getpid() == number ? 3 : 0);
	waitpid(child, &status, 0);
	*code = WEXITSTATUS(status);
	return child;
}

static int leave(const char *file)
{
	struct sockaddr_in to = { AF_INET, htons(8002), { inet_addr("10.77.2.1") }, { 0 } };
	connect(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&to, sizeof to);
	pid_t command = getpid();
	if (fork())
		return 5;
	char done[4096];
	struct stat now;
	int code = -1;
	FILE *out = fopen(file, "w");
	setsid();
	fprintf(out, "%d\n", command);
	fclose(out);
	do
		usleep(10000);
	while (!stat(file, &now) && now.st_size > 0);
	for (int i = 0; i < MOST && make(command, &code) != command; i++)
		continue;
	snprintf(done, sizeof done, "%s.done", file);
	out = fopen(done, "w");
	fprintf(out, "ended with %d\n", code);
	fclose(out);
	return 0;
}

int main(int count, char **words)
{
	int number, code;
	if (count == 3 && !strcmp(words[1], "leave"))
		return leave(words[2]);
	FILE *in = count == 3 ? fopen(words[2], "r") : NULL;
	if (!in || fscanf(in, "%d", &number) != 1) {
		fprintf(stderr, "usage: reused leave|spin FILE\n");
		return 2;
	}
	for (int i = 0; i < MOST; i++) {
		pid_t made = make(0, &code);
		if (made < number && made >= number - NEAR)
			return 0;
	}
	return 1;
}
