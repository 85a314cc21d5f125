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
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, KNOWN_MINOR = 31, FLIP_MICROSECONDS = 20, FEWEST_READS = 100, SWAP_MILLISECONDS = 100, HALF = offsetof(struct sockaddr_in, sin_addr) };

static const char *mode, *call, *what;
static struct sockaddr_in allowed, forbidden;
static char payload[] = "x";
static unsigned interface; /* for control */
static struct iovec part = { payload, 1 };
static char to_allowed[PAGE], to_forbidden[PAGE]; /* what the page holds, either way */
static char *page;				  /* the mapping, after a page of ours */

/* Shared with the server and the process beside. */
static struct scene {
	volatile int asked, reads, over;
	volatile long calls, longest_ms;
} *scene;

static void die(const char *doing, int code)
{
	fprintf(stderr, "slow-page: %s: %s\n", doing, strerror(errno));
	exit(code);
}

static long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000L + t.tv_nsec / 1000000;
}

/* --- the server: fuse(4), linux/fuse.h. The root of the file system is the one file, number 1. --- */

static int device;

static void answer(uint64_t unique, int error, const void *body, size_t length)
{
	struct fuse_out_header head = { (uint32_t)(sizeof head + length), -error, unique };
	struct iovec parts[2] = { { &head, sizeof head }, { (void *)body, length } };
	if (writev(device, parts, length ? 2 : 1) < 0 && errno != ENOENT) /* who asked is gone */
		_exit(0);
}

static void answer_init(uint64_t unique, const struct fuse_init_in *asked)
{
	struct fuse_init_out said = { .major = FUSE_KERNEL_VERSION, .minor = asked->minor < KNOWN_MINOR ? asked->minor : KNOWN_MINOR,
				      .max_write = PAGE, .max_background = 8, .congestion_threshold = 8, .time_gran = 1 };
	answer(unique, 0, &said, sizeof said); /* no readahead */
}

static void answer_read(uint64_t unique, long delay_ms)
{
	int before = scene->reads;
	scene->asked++;
	if (!strcmp(mode, "fail")) {
		answer(unique, EIO, NULL, 0);
	} else {
		if (!strcmp(mode, "stall") && before == 0) {
			puts("waits");
			fflush(stdout);
			usleep((unsigned)delay_ms * 1000);
		}
		if (!strcmp(mode, "swap"))
			usleep(SWAP_MILLISECONDS * 1000);
		int leads_on = !strcmp(mode, "stall") ? before == 0 : before % 5 % 3 == 0; /* in step with no count of looks in a call */
		answer(unique, 0, leads_on ? to_allowed : to_forbidden, PAGE);
	}
	scene->reads = before + 1;
}

/* Whoever looks once more has the page read once more. Apart from the server, which has to answer meanwhile. */
static void *forget(void *unused)
{
	struct fuse_notify_inval_inode_out whole = { .ino = FUSE_ROOT_ID, .off = 0, .len = 0 };
	struct fuse_out_header head = { sizeof head + sizeof whole, FUSE_NOTIFY_INVAL_INODE, 0 };
	struct iovec parts[2] = { { &head, sizeof head }, { &whole, sizeof whole } };
	for (int seen = 0; !scene->over;) {
		if (scene->reads == seen) {
			sched_yield();
			continue;
		}
		seen = scene->reads;
		usleep(FLIP_MICROSECONDS);
		if (writev(device, parts, 2) < 0)
			continue; /* somebody has the page in hand: EBUSY */
	}
	return unused;
}

static void serve(long delay_ms)
{
	static char request[FUSE_MIN_READ_BUFFER + PAGE];
	const struct fuse_in_header *head = (const void *)request;
	struct fuse_attr_out file = { .attr_valid = 1000, .attr = { .ino = FUSE_ROOT_ID, .size = PAGE, .mode = S_IFREG | 0644, .nlink = 1 } };
	struct fuse_open_out opened = { 0 };
	pthread_t thread;
	if (strcmp(mode, "fail") && pthread_create(&thread, NULL, forget, NULL))
		die("pthread_create", 2);
	for (;;) {
		ssize_t length = read(device, request, sizeof request);
		if (length < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN))
			continue;
		if (length < 0)
			_exit(0); /* unmounted */
		switch (head->opcode) {
		case FUSE_INIT:
			answer_init(head->unique, (const void *)(head + 1));
			break;
		case FUSE_GETATTR:
			answer(head->unique, 0, &file, sizeof file);
			break;
		case FUSE_OPEN:
			answer(head->unique, 0, &opened, sizeof opened);
			break;
		case FUSE_READ:
			answer_read(head->unique, delay_ms);
			break;
		case FUSE_FORGET:
		case FUSE_BATCH_FORGET:
		case FUSE_INTERRUPT:
			break; /* take no answer */
		default:
			answer(head->unique, ENOSYS, NULL, 0);
		}
	}
}

static void put(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(file, 3);
	close(fd);
}

static void enter_own_namespaces(void)
{
	char map[64];
	unsigned uid = geteuid(), gid = getegid();
	if (unshare(CLONE_NEWNS | (uid ? CLONE_NEWUSER : 0)))
		die("unshare", 3);
	if (uid) {
		put("/proc/self/setgroups", "deny");
		snprintf(map, sizeof map, "0 %u 1", uid);
		put("/proc/self/uid_map", map);
		snprintf(map, sizeof map, "0 %u 1", gid);
		put("/proc/self/gid_map", map);
	}
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		die("mount(MS_PRIVATE)", 3);
}

/* Mounts it upon a file, has it served by another process, and maps it. */
static void map_slow_page(const char *name, long delay_ms)
{
	char options[128], place[] = "slow-XXXXXX";
	int file = mkstemp(place);
	if (file < 0)
		die("mkstemp", 2);
	close(file);
	enter_own_namespaces();
	device = open(name, O_RDWR | O_CLOEXEC);
	if (device < 0)
		die(name, 3);
	snprintf(options, sizeof options, "fd=%d,rootmode=100644,user_id=0,group_id=0", device);
	if (mount("slow", place, "fuse", MS_NOSUID | MS_NODEV, options))
		die("mount(fuse)", 3);
	if (fork() == 0)
		serve(delay_ms);
	close(device); /* if the server dies the file system does */
	struct stat status;
	file = open(place, O_RDONLY);
	if (file < 0 || fstat(file, &status)) /* which asks for the size, or there is none */
		die(place, 2);
	page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	page = page == MAP_FAILED ? page : mmap(page + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file, 0);
	if (page == MAP_FAILED)
		die("mmap", 2);
	close(file);
	umount2(place, MNT_DETACH); /* the mapping stays */
	unlink(place);
}

/* --- the caller --- */

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
