/*
 * A page of a file that is mapped, of a FUSE file system of its own, whose server answers late, or each time with something else: fuse(4),
 * linux/fuse.h. The root of the file system is the one file, number 1. What the server does is the mode that slow-page.c tells of.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, KNOWN_MINOR = 31, FLIP_MICROSECONDS = 20, SWAP_MILLISECONDS = 100 };

static const char *mode;
static char to_allowed[PAGE], to_forbidden[PAGE]; /* what the page holds, either way */
static char *page;				  /* the mapping, after a page of ours */

/* Shared with the server and the process beside. */
static struct scene {
	volatile int asked, reads, over;
	volatile long calls, longest_ms;
} *scene;

static inline void die(const char *doing, int code)
{
	fprintf(stderr, "slow-page: %s: %s\n", doing, strerror(errno));
	exit(code);
}

static inline long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000L + t.tv_nsec / 1000000;
}

static int device;

static inline void answer(uint64_t unique, int error, const void *body, size_t length)
{
	struct fuse_out_header head = { (uint32_t)(sizeof head + length), -error, unique };
	struct iovec parts[2] = { { &head, sizeof head }, { (void *)body, length } };
	if (writev(device, parts, length ? 2 : 1) < 0 && errno != ENOENT) /* who asked is gone */
		_exit(0);
}

static inline void answer_init(uint64_t unique, const struct fuse_init_in *asked)
{
	struct fuse_init_out said = { .major = FUSE_KERNEL_VERSION, .minor = asked->minor < KNOWN_MINOR ? asked->minor : KNOWN_MINOR,
				      .max_write = PAGE, .max_background = 8, .congestion_threshold = 8, .time_gran = 1 };
	answer(unique, 0, &said, sizeof said); /* no readahead */
}

static inline void answer_read(uint64_t unique, long delay_ms)
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
static inline void *forget(void *unused)
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

static inline void serve(long delay_ms)
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

static inline void put(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(file, 3);
	close(fd);
}

static inline void enter_own_namespaces(void)
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
static inline void map_slow_page(const char *name, long delay_ms)
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
