/*
 * One kind of system call many times over: workload KIND COUNT [PROCESSOR]. Prints the microseconds that one took.
 *
 * All of it stays on loopback. KIND is one of:
 *   getppid   open (and close)   read   write   send (connected UDP)   recv (and the send before it)
 *   stream    a MiB over loopback TCP, a thread drains it
 *   connect, sendto, sendmsg (UDP)   bind (and socket, close)
 *   tcp       connect, accept, close with a reset
 *   exec      vfork and execve of true, waited for      thread    created and joined
 *   crowd     UDP connect, by 64 threads at once
 *   thousand  1000 processes, all alive, each with one UDP connect; on SIGTERM or the end of stdin they end
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CROWD = 64, THOUSAND = 1000, CHUNK = 65536, MIB = 1 << 20 };

static int s, peer; /* the sockets of the kind */
static struct sockaddr_in address;
static char chunk[CHUNK];

static void die(const char *call)
{
	fprintf(stderr, "workload: %s: %s\n", call, strerror(errno));
	exit(1);
}

static void must(int good, const char *call)
{
	if (!good)
		die(call);
}

static struct sockaddr_in loopback(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

/* `peer` is bound, and listens if it can; nobody reads it: a full queue of UDP drops. */
static void make_sockets(int type)
{
	socklen_t length = sizeof address;
	address = loopback();
	s = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	peer = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	must(!bind(peer, (struct sockaddr *)&address, sizeof address), "bind");
	must(!getsockname(peer, (struct sockaddr *)&address, &length), "getsockname");
	must(type != SOCK_STREAM || !listen(peer, 128), "listen");
}

static void make_udp(void) { make_sockets(SOCK_DGRAM); }
static void make_tcp(void) { make_sockets(SOCK_STREAM); }
static void make_nothing(void) {}

static void connect_to_peer(int from)
{
	must(!connect(from, (struct sockaddr *)&address, sizeof address), "connect");
}

static void make_connected_udp(void)
{
	make_udp();
	connect_to_peer(s);
}

static void make_stream(void)
{
	make_tcp();
	connect_to_peer(s);
	must((peer = accept(peer, NULL, NULL)) >= 0, "accept");
}

static void open_null(void) { must((s = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0, "open"); }
static void open_zero(void) { must((s = open("/dev/zero", O_RDONLY | O_CLOEXEC)) >= 0, "open"); }

static void do_getppid(void) { syscall(SYS_getppid); }
static void do_open(void)
{
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	must(file >= 0, "open");
	close(file);
}
static void do_read(void) { must(read(s, chunk, 1) == 1, "read"); }
static void do_write(void) { must(write(s, chunk, 1) == 1, "write"); }
static void do_send(void) { must(send(s, chunk, 1, 0) == 1, "send"); }
static void do_recv(void)
{
	must(send(s, chunk, 1, 0) == 1, "send");
	must(recv(peer, chunk, 1, 0) == 1, "recv");
}
static void do_connect(void) { connect_to_peer(s); }
static void do_sendto(void)
{
	must(sendto(s, chunk, 1, 0, (struct sockaddr *)&address, sizeof address) == 1, "sendto");
}
static void do_sendmsg(void)
{
	struct iovec part = { chunk, 1 };
	struct msghdr message = { .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &part, .msg_iovlen = 1 };
	must(sendmsg(s, &message, 0) == 1, "sendmsg");
}
static void do_bind(void)
{
	struct sockaddr_in any_port = loopback();
	int fresh = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	must(!bind(fresh, (struct sockaddr *)&any_port, sizeof any_port), "bind");
	close(fresh);
}
static void do_tcp(void)
{
	struct linger none = { 1, 0 }; /* no TIME_WAIT: the ports would run out */
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	connect_to_peer(client);
	int server = accept(peer, NULL, NULL);
	must(server >= 0, "accept");
	setsockopt(client, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close(client);
	close(server);
}
static void do_exec(void)
{
	static char *const words[] = { "true", NULL };
	pid_t child = vfork();
	if (child == 0) {
		execv("/bin/true", words);
		_exit(127);
	}
	int status;
	must(child > 0 && waitpid(child, &status, 0) == child && status == 0, "true");
}
static void *nothing(void *unused) { return unused; }
static void do_thread(void)
{
	pthread_t thread;
	must(!pthread_create(&thread, NULL, nothing, NULL), "pthread_create");
	pthread_join(thread, NULL);
}

static void *drain(void *mebibytes)
{
	static char drained[CHUNK];
	for (long left = (long)mebibytes * MIB; left > 0;) {
		ssize_t got = recv(peer, drained, sizeof drained, 0);
		must(got > 0, "recv");
		left -= got;
	}
	return NULL;
}

static void stream(long mebibytes)
{
	pthread_t drainer;
	must(!pthread_create(&drainer, NULL, drain, (void *)mebibytes), "pthread_create");
	for (long left = mebibytes * MIB; left > 0;) {
		ssize_t sent = send(s, chunk, sizeof chunk < (size_t)left ? sizeof chunk : (size_t)left, 0);
		must(sent > 0, "send");
		left -= sent;
	}
	pthread_join(drainer, NULL);
}

static double microseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static double begin; /* of what is timed */

static pthread_barrier_t there, go;
static long each;

static void *member(void *unused)
{
	int own = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	pthread_barrier_wait(&there);
	pthread_barrier_wait(&go);
	for (long i = 0; i < each; i++)
		connect_to_peer(own);
	close(own);
	return unused;
}

/* Timed from when all are there: to make a thread is another kind. */
static void crowd(long count)
{
	pthread_t members[CROWD];
	each = count / CROWD;
	pthread_barrier_init(&there, NULL, CROWD + 1);
	pthread_barrier_init(&go, NULL, CROWD + 1);
	for (int i = 0; i < CROWD; i++)
		must(!pthread_create(&members[i], NULL, member, NULL), "pthread_create");
	pthread_barrier_wait(&there);
	begin = microseconds();
	pthread_barrier_wait(&go);
	for (int i = 0; i < CROWD; i++)
		pthread_join(members[i], NULL);
}

static void thousand(long unused)
{
	int alive[2];
	(void)unused;
	must(!pipe(alive), "pipe");
	for (int i = 0; i < THOUSAND; i++) {
		pid_t child = fork();
		must(child >= 0, "fork");
		if (child == 0) {
			char byte;
			close(alive[1]);
			connect_to_peer(s);
			_exit(read(alive[0], &byte, 1) != 0); /* until the parent is gone */
		}
	}
	char byte;
	printf("all are there\n");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		continue;
	close(alive[1]);
	while (wait(NULL) > 0)
		continue;
}

static const struct kind {
	const char *name;
	void (*make)(void);
	void (*once)(void);
	void (*many)(long count);
} kinds[] = {
	{ "getppid", make_nothing, do_getppid, NULL }, { "open", make_nothing, do_open, NULL },
	{ "read", open_zero, do_read, NULL }, { "write", open_null, do_write, NULL },
	{ "send", make_connected_udp, do_send, NULL }, { "recv", make_connected_udp, do_recv, NULL },
	{ "stream", make_stream, NULL, stream },
	{ "connect", make_udp, do_connect, NULL }, { "sendto", make_udp, do_sendto, NULL },
	{ "sendmsg", make_udp, do_sendmsg, NULL }, { "bind", make_nothing, do_bind, NULL },
	{ "tcp", make_tcp, do_tcp, NULL }, { "exec", make_nothing, do_exec, NULL },
	{ "thread", make_nothing, do_thread, NULL }, { "crowd", make_udp, NULL, crowd },
	{ "thousand", make_udp, NULL, thousand },
};

static void run(const struct kind *kind, long count)
{
	if (kind->many)
		kind->many(count);
	else
		while (count-- > 0)
			kind->once();
}

/* Under reference.c's vault, which has no means to map it into us. */
static void map_reference_vault(void)
{
	const char *file = getenv("BENCH_VAULT");
	if (file)
		must(mmap((void *)(0x552aul << 32), MIB, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE, atoi(file), 0) != MAP_FAILED, "mmap");
}

int main(int argc, char **argv)
{
	map_reference_vault();
	for (size_t i = 0; argc >= 3 && i < sizeof kinds / sizeof *kinds; i++) {
		const struct kind *kind = &kinds[i];
		if (strcmp(kind->name, argv[1]))
			continue;
		long count = atol(argv[2]);
		if (argc > 3) {
			cpu_set_t one;
			CPU_ZERO(&one);
			CPU_SET(atoi(argv[3]), &one);
			must(!sched_setaffinity(0, sizeof one, &one), "sched_setaffinity");
		}
		kind->make();
		if (kind->many == thousand) {
			run(kind, count);
			return 0;
		}
		run(kind, count / 10 + CROWD); /* first calls are dear: the vault, the caches */
		begin = microseconds();
		run(kind, count);
		printf("%.3f\n", (microseconds() - begin) / count);
		return 0;
	}
	fprintf(stderr, "usage: workload KIND COUNT [PROCESSOR]\n");
	return 2;
}
