/*
 * Has what a call points at lie in a file that is mapped, of a FUSE file system of its own, whose server answers late, or each time with
 * something else: slow-page flip|stall|fail|swap CALL WHAT N ALLOWED FORBIDDEN PORT [DEVICE]
 *
 *   flip   the page is read anew whenever somebody looks at it: now it leads to ALLOWED, now to FORBIDDEN. N tries, and more until it was read often.
 *   stall  the first reader waits N milliseconds and is led to ALLOWED, all others to FORBIDDEN. One try; beside it another process makes
 *          calls that are judged, one a millisecond.
 *   fail   the server answers EIO. One try.
 *   swap   a UDP socket sends by MSG_FASTOPEN, which it ignores, to FORBIDDEN. While the Nth reader waits a TCP socket, which does not, is put
 *          in its place, and while the next one waits the UDP socket again. One try, after one whose payload is at hand. CALL sendto, WHAT payload.
 * CALL: connect (TCP), udp-connect, sendto, sendmsg, sendmmsg.
 * WHAT: name (the address), half (of the address, all but its family and port), header (struct msghdr, of sendmmsg all of them), iovec, payload,
 *       control (to ALLOWED always, but FORBIDDEN is an interface by which it is to leave: IP_PKTINFO).
 *
 * ALLOWED and FORBIDDEN are IPv4 addresses, ALLOWED this machine's own; FORBIDDEN gets PORT. Who is not root mounts in a user namespace of
 * its own. DEVICE is there in place of /dev/fuse.
 *
 * stdout: "sent N denied N other N", as far as the caller can see; for stall and fail the outcome ("ok", or the name of the errno), for
 * stall after a line "waits", when the page is asked for, and before another, "beside N calls, longest N ms". Exit 3 where no such file system
 * can be mounted.
 */
#include "slow-page.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { FEWEST_READS = 100, HALF = offsetof(struct sockaddr_in, sin_addr) };

static const char *call, *what;
static struct sockaddr_in allowed, forbidden;
static char payload[] = "x";
static unsigned interface; /* for control */
static struct iovec part = { payload, 1 };

static struct msghdr message(struct sockaddr_in *to, struct iovec *parts)
{
	return (struct msghdr){ .msg_name = to, .msg_namelen = sizeof *to, .msg_iov = parts, .msg_iovlen = 1 };
}

static void fill_control(struct cmsghdr *control, int leads_out)
{
	struct in_pktinfo by = { .ipi_ifindex = (int)interface };
	int hops = 64;
	*control = (struct cmsghdr){ leads_out ? CMSG_LEN(sizeof by) : CMSG_LEN(sizeof hops), IPPROTO_IP, leads_out ? IP_PKTINFO : IP_TTL };
	memcpy(CMSG_DATA(control), leads_out ? (void *)&by : &hops, leads_out ? sizeof by : sizeof hops);
}

/* What the page is to hold, to lead there. */
static void fill(char *content, struct sockaddr_in *to)
{
	struct mmsghdr *messages = (struct mmsghdr *)content;
	if (!strcmp(what, "name"))
		memcpy(content, to, sizeof *to);
	else if (!strcmp(what, "half"))
		memcpy(content, &to->sin_addr, sizeof *to - HALF);
	else if (!strcmp(what, "iovec"))
		memcpy(content, &part, sizeof part);
	else if (!strcmp(what, "control"))
		fill_control((struct cmsghdr *)content, to == &forbidden);
	else if (!strcmp(what, "payload"))
		content[0] = 'x';
	else
		for (int i = 0; i < 2; i++)
			messages[i].msg_hdr = message(to, &part); /* the first is a struct msghdr too */
}

static int try(int s)
{
	static struct iovec slow_payload;
	struct sockaddr_in *to = !strcmp(what, "name") ? (struct sockaddr_in *)page : &allowed;
	if (!strcmp(what, "half")) {
		to = (struct sockaddr_in *)(page - HALF);
		memcpy(to, &forbidden, HALF); /* the port is the same */
	}
	struct iovec *parts = !strcmp(what, "iovec") ? (struct iovec *)page : &part;
	struct mmsghdr messages[2];
	if (!strcmp(what, "payload")) {
		slow_payload = (struct iovec){ page, 1 };
		parts = &slow_payload;
	}
	messages[0].msg_hdr = message(to, parts);
	if (!strcmp(what, "control")) {
		messages[0].msg_hdr.msg_control = page;
		messages[0].msg_hdr.msg_controllen = CMSG_SPACE(sizeof(struct in_pktinfo));
	}
	messages[1] = messages[0];
	int slow_header = !strcmp(what, "header");
	if (strstr(call, "connect"))
		return connect(s, (struct sockaddr *)to, sizeof *to);
	if (!strcmp(call, "sendto"))
		return sendto(s, parts[0].iov_base, 1, 0, (struct sockaddr *)to, sizeof *to) < 0;
	if (!strcmp(call, "sendmsg"))
		return sendmsg(s, slow_header ? (struct msghdr *)page : &messages[0].msg_hdr, 0) < 0;
	return sendmmsg(s, slow_header ? (struct mmsghdr *)page : messages, 2, 0) < 0;
}

static int socket_for_it(void)
{
	int s = socket(AF_INET, !strcmp(call, "connect") ? SOCK_STREAM | SOCK_NONBLOCK : SOCK_DGRAM, 0);
	if (s < 0)
		die("socket", 2);
	return s;
}

/* A socket of our own at ALLOWED, whose port that address gets. */
static int sink(void)
{
	int s = socket(AF_INET, !strcmp(call, "connect") ? SOCK_STREAM | SOCK_NONBLOCK : SOCK_DGRAM, 0);
	socklen_t length = sizeof allowed;
	if (bind(s, (struct sockaddr *)&allowed, length) || getsockname(s, (struct sockaddr *)&allowed, &length))
		die("bind", 2);
	if (!strcmp(call, "connect") && listen(s, 4096))
		die("listen", 2);
	return s;
}

static void drain(int s)
{
	char byte[2];
	int taken;
	if (strcmp(call, "connect"))
		while (recv(s, byte, sizeof byte, MSG_DONTWAIT) >= 0)
			continue;
	else
		while ((taken = accept(s, NULL, NULL)) >= 0)
			close(taken);
}

static void beat(void)
{
	struct sockaddr_in to = allowed;
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (to.sin_port = htons(9); !scene->over; usleep(1000)) {
		long start = now_ms();
		connect(s, (struct sockaddr *)&to, sizeof to);
		long took = now_ms() - start;
		if (took > scene->longest_ms)
			scene->longest_ms = took;
		scene->calls++;
	}
	_exit(0);
}

static void try_once(void)
{
	int stalls = !strcmp(mode, "stall");
	if (stalls && fork() == 0)
		beat();
	while (stalls && scene->calls < 20)
		usleep(1000);
	int s = socket_for_it();
	int failed = try(s);
	printf("%s\n", failed && errno != EINPROGRESS ? strerrorname_np(errno) : "ok");
	fflush(stdout);
	usleep(stalls ? 20000 : 0);
	scene->over = 1;
	if (stalls)
		printf("beside %ld calls, longest %ld ms\n", scene->calls, scene->longest_ms);
}

static void try_often(long tries, int allowed_sink)
{
	long sent = 0, denied = 0, other = 0;
	for (long i = 0; i < tries || (scene->reads < FEWEST_READS && i < 100 * tries); i++) { /* the server may not get to run for a while */
		int s = socket_for_it();
		if (!try(s) || errno == EINPROGRESS)
			sent++;
		else if (errno == EPERM)
			denied++;
		else
			other++;
		if (strstr(call, "connect"))
			send(s, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		close(s);
		drain(allowed_sink);
		madvise(page, PAGE, MADV_DONTNEED); /* what sendmmsg has written to is a page of our own */
	}
	scene->over = 1;
	printf("sent %ld denied %ld other %ld\n", sent, denied, other);
}

static int swapped, udp, tcp, at_look;

static void put_when_asked(int s, int looks)
{
	while (scene->asked < looks)
		usleep(1000);
	usleep(SWAP_MILLISECONDS / 3 * 1000);
	dup2(s, swapped);
}

static void *swap(void *unused)
{
	put_when_asked(tcp, at_look);
	put_when_asked(udp, at_look + 1);
	return unused;
}

static void try_swap(int look)
{
	pthread_t thread;
	at_look = look;
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	swapped = dup(udp);
	sendto(swapped, payload, 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&forbidden, sizeof forbidden);
	pthread_create(&thread, NULL, swap, NULL);
	ssize_t sent = sendto(swapped, page, 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&forbidden, sizeof forbidden);
	puts(sent < 0 ? strerrorname_np(errno) : "ok");
}

int main(int argc, char **argv)
{
	if (argc < 8) {
		fprintf(stderr, "usage: slow-page flip|stall|fail|swap CALL WHAT N ALLOWED FORBIDDEN PORT [DEVICE]\n");
		return 2;
	}
	mode = argv[1];
	call = argv[2];
	what = argv[3];
	allowed = (struct sockaddr_in){ AF_INET, 0, { inet_addr(argv[5]) }, { 0 } };
	forbidden = (struct sockaddr_in){ AF_INET, htons((uint16_t)atoi(argv[7])), { inet_addr(argv[6]) }, { 0 } };
	interface = if_nametoindex(argv[6]);
	scene = mmap(NULL, sizeof *scene, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int allowed_sink = sink();
	fill(to_allowed, &allowed);
	fill(to_forbidden, &forbidden);
	map_slow_page(argc > 8 ? argv[8] : "/dev/fuse", atol(argv[4]));
	if (!strcmp(mode, "flip"))
		try_often(atol(argv[4]), allowed_sink);
	else if (!strcmp(mode, "swap"))
		try_swap(atoi(argv[4]));
	else
		try_once();
	return 0;
}
