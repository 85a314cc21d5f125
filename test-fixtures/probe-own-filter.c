/* A seccomp filter of the command's own sees each call as the command makes it. */
#include "probe.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

/* As libseccomp compares: all of the 64 bits. Each of the program's calls is one that the filter lets through. */
static void filter_long_names(unsigned action)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendto, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5]) + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, sizeof(struct sockaddr_in), 1, 0),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	say("filter %s", outcome(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)));
}

static void send_much_under_a_filter(unsigned action)
{
	static char much[40000];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) }, .sin_port = htons(9) };
	struct sockaddr_storage longer = { 0 };
	sigset_t blocked;
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	memcpy(&longer, &to, sizeof to);
	filter_long_names(action);
	say("sendto %s", outcome(sendto(udp, "m", 1, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to)));
	/* Longer than the supervisor sends in its place. */
	say("much %s", outcome(sendto(udp, much, sizeof much, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to)));
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	say("SIGTERM %s", sigismember(&blocked, SIGTERM) ? "blocked" : "free");
	say("longer %s", outcome(sendto(udp, much, sizeof much, MSG_DONTWAIT, (struct sockaddr *)&longer, sizeof longer)));
}

PROBE(a_filter_of_its_own_sees_the_call_as_it_is) { send_much_under_a_filter(SECCOMP_RET_ERRNO | EACCES); }

PROBE(a_filter_of_its_own_kills_what_it_would_kill) { send_much_under_a_filter(SECCOMP_RET_KILL_PROCESS); }
