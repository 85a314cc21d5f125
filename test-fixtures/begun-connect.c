/*
 * Begins a datagram over IPv6, connects its socket over IPv4, and sends the rest: begun-connect HOW ADDRESS6 ADDRESS4 PORT
 *
 *   mapped       by the IPv4 address as IPv6 has it    inet   by a sockaddr_in
 *   restricted   as mapped, by a process in a Landlock domain of its own
 *
 * stdout: what became of the last call.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int restrict_self(void)
{
	uint64_t handled = 1 << 12; /* LANDLOCK_ACCESS_FS_MAKE_SYM */
	int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
	return rules >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
}

int main(int argc, char **argv)
{
	if (argc != 5 || (!strcmp(argv[1], "restricted") && !restrict_self()))
		return 2;
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(argv[4])) }, mapped = six;
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = six.sin6_port };
	inet_pton(AF_INET6, argv[2], &six.sin6_addr);
	inet_pton(AF_INET, argv[3], &four.sin_addr);
	memset(mapped.sin6_addr.s6_addr + 10, 0xff, 2);
	memcpy(mapped.sin6_addr.s6_addr + 12, &four.sin_addr, 4);
	int s = socket(AF_INET6, SOCK_DGRAM, 0), inet = !strcmp(argv[1], "inet");
	int rc = sendto(s, "first", 5, MSG_MORE, (struct sockaddr *)&six, sizeof six) == 5 ? 0 : -1;
	rc = rc == 0 ? connect(s, inet ? (struct sockaddr *)&four : (struct sockaddr *)&mapped, inet ? sizeof four : sizeof mapped) : rc;
	rc = rc == 0 && send(s, "second", 6, 0) != 6 ? -1 : rc;
	puts(rc == 0 ? "sent" : strerrorname_np(errno));
	return 0;
}
