/*
 * Tries to unmap, replace or write the vault while calls are judged: vault-attack TRIES ALLOWED FORBIDDEN FORBIDDEN_PORT
 *
 * One thread sends to an address that another one flips between ALLOWED, which must be this machine's own, and FORBIDDEN; a third
 * goes through the attacks, TRIES times all of them or more. Then many short processes each make a first judged call while a thread looks for
 * the vault's descriptor and attacks that.
 * Of mmap those that leave the place to the kernel must be told so, or be placed elsewhere: else they succeeded too.
 * stdout: a line "NAME succeeded N" for each attack that did; at the end "attacks N sent N denied N vaults N": how often all of
 * them were tried, what became of the calls, how many descriptors of the vault were caught.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define V ((char *)(0x552aul << 32))
enum { PAGE = 4096, VAULT_BYTES = 4 << 20, GIB = 1 << 30 };

static struct sockaddr_in allowed, forbidden;
static volatile struct sockaddr_in flipped;
static volatile int stop;
static long tries, all_tried;
static volatile long sent, denied;
static char *elsewhere; /* a page of ours to move */
static int segment, self_mem;

static long no_map(void *address)
{
	return address != MAP_FAILED;
}

static long unmap(void) { return !munmap(V, VAULT_BYTES); }
static long unmap_page(void) { return !munmap(V + PAGE, PAGE); }
static long unmap_around(void) { return !munmap(V - PAGE, VAULT_BYTES + 2 * PAGE); }
static long unmap_from_below(void) { return !munmap(V - 8l * GIB, 16l * GIB); }
static long unmap_odd(void) { return !munmap(V - 5l * GIB, 5l * GIB + 1); }
static long map_over(void) { return no_map(mmap(V, VAULT_BYTES, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)); }
static long map_page_over(void) { return no_map(mmap(V, PAGE, 3, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0)); }
static long map_from_below(void)
{
	return no_map(mmap(V - 6l * GIB, 7l * GIB, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0));
}
static long map_where_free(void)
{
	return no_map(mmap(V, PAGE, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)) || errno != EEXIST;
}
static long map_near(void) /* a hint alone: anywhere else is fine */
{
	char *got = mmap(V, PAGE, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long wrong = got == MAP_FAILED || (got >= V && got < V + VAULT_BYTES);
	if (!wrong)
		munmap(got, PAGE);
	return wrong;
}
#if defined(__x86_64__)
static long map_near_and_lose_the_hint(void) /* a call changes no register but for its result's */
{
	char *hint = V + PAGE;
	long got = SYS_mmap;
	register long flags __asm__("r10") = MAP_PRIVATE | MAP_ANONYMOUS, file __asm__("r8") = -1, offset __asm__("r9") = 0;
	__asm__ volatile("syscall"
			 : "+a"(got), "+D"(hint)
			 : "S"((long)PAGE), "d"(3l), "r"(flags), "r"(file), "r"(offset)
			 : "rcx", "r11", "memory");
	munmap((char *)got, PAGE);
	return got < 0 || hint != V + PAGE;
}
#endif
static long grow_down(void)
{
	return no_map(mmap(V + VAULT_BYTES - PAGE, PAGE, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0));
}
static long protect(void) { return !mprotect(V, PAGE, 3); }
static long protect_from_below(void) { return !mprotect(V - PAGE, VAULT_BYTES, 3); }
static long protect_grown(void) { return !mprotect(V, PAGE, 3 | PROT_GROWSDOWN); }
static long protect_key(void) { return !syscall(SYS_pkey_mprotect, V, PAGE, 3, -1); }
static long move_away(void) { return no_map(mremap(V, VAULT_BYTES, VAULT_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere)); }
static long move_here(void) { return no_map(mremap(elsewhere, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, V)); }
static long move_and_keep(void) { return no_map(mremap(V, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP)); }
static long move_here_and_keep(void)
{
	return no_map(mremap(elsewhere, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, V));
}
static long shrink(void) { return no_map(mremap(V, VAULT_BYTES, PAGE, 0)); }
static long duplicate(void) { return no_map(mremap(V, 0, PAGE, MREMAP_MAYMOVE)); }
static long advise(void)
{
	static const int advices[] = { 1, 2, 3, 4, 8, 9, 10, 11, 12, 14, 15, 16, 18, 20, 21, 22, 23, 24, 25, 102 };
	long count = 0;
	for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
		count += !madvise(V, VAULT_BYTES, advices[i]);
	return count;
}
static long advise_process(void)
{
	struct iovec part = { V, PAGE };
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	long done = syscall(SYS_process_madvise, self, &part, 1, MADV_DONTNEED, 0) > 0;
	done += syscall(SYS_process_madvise, self, &part, 1, MADV_DONTFORK, 0) > 0;
	close(self);
	return done;
}
static long attach_segment(void) { return shmat(segment, V, SHM_REMAP) != (void *)-1; }
static long attach_segment_where_free(void) { return shmat(segment, V, 0) != (void *)-1; }
static long remap_pages(void) { return !syscall(SYS_remap_file_pages, V, PAGE, 0, 1, 0); }
static long write_memory(void) { return pwrite(self_mem, &forbidden, sizeof forbidden, (off_t)(V + 64)) > 0; }
static long write_process(void)
{
	struct iovec from = { &forbidden, sizeof forbidden }, to = { V + 64, sizeof forbidden };
	return process_vm_writev(getpid(), &from, 1, &to, 1, 0) > 0;
}
static long reopen_mapping(void)
{
	char name[100];
	snprintf(name, sizeof name, "/proc/self/map_files/%lx-%lx", (long)V, (long)V + VAULT_BYTES);
	int file = open(name, O_RDWR);
	if (file < 0)
		return 0;
	long done = pwrite(file, &forbidden, sizeof forbidden, 64) > 0 || !ftruncate(file, 0)
		|| no_map(mmap(NULL, PAGE, 3, MAP_SHARED, file, 0));
	close(file);
	return done;
}
static long shrink_heap(void) { return syscall(SYS_brk, V) == (long)V; }
static long grow_heap(void) { return syscall(SYS_brk, V + VAULT_BYTES) == (long)(V + VAULT_BYTES); }
static long move_heap_end(void) { return !prctl(PR_SET_MM, PR_SET_MM_BRK, V + VAULT_BYTES, 0, 0); }

static const struct attack {
	const char *name;
	long (*try)(void);
} attacks[] = {
	{ "munmap", unmap }, { "munmap of a page", unmap_page }, { "munmap around", unmap_around },
	{ "munmap from below", unmap_from_below }, { "munmap of an odd length", unmap_odd },
	{ "mmap over", map_over }, { "mmap of a page over", map_page_over },
	/* here, where V is mapped if nobody minds */
	{ "/proc/self/mem", write_memory }, { "process_vm_writev", write_process }, { "madvise", advise },
	{ "mmap from below", map_from_below },
	{ "mmap where free", map_where_free }, { "mmap near", map_near },
#if defined(__x86_64__)
	{ "mmap near, and the hint's register", map_near_and_lose_the_hint },
#endif
	{ "mmap growing down", grow_down },
	{ "mprotect", protect }, { "mprotect from below", protect_from_below }, { "mprotect growing", protect_grown },
	{ "pkey_mprotect", protect_key }, { "mremap away", move_away }, { "mremap here", move_here },
	{ "mremap DONTUNMAP", move_and_keep }, { "mremap here DONTUNMAP", move_here_and_keep }, { "mremap to less", shrink },
	{ "mremap of nothing", duplicate }, { "process_madvise", advise_process },
	{ "shmat SHM_REMAP", attach_segment }, { "shmat", attach_segment_where_free }, { "remap_file_pages", remap_pages },
	{ "/proc/self/map_files", reopen_mapping }, { "prctl PR_SET_MM", move_heap_end },
	{ "brk before", shrink_heap }, { "brk behind", grow_heap },
};
enum { ATTACKS = sizeof attacks / sizeof *attacks };
static long succeeded[ATTACKS];

static void *attack(void *unused)
{
	/* until enough calls were made beside them, which take longer */
	for (; all_tried < tries || (sent + denied < 4 * tries && all_tried < 100 * tries); all_tried++)
		for (int i = 0; i < ATTACKS; i++)
			succeeded[i] += attacks[i].try();
	stop = 1;
	return unused;
}

static void *flip(void *unused)
{
	while (!stop)
		for (int i = 0; i < 1000; i++) {
			flipped.sin_addr.s_addr = (i % 2 ? &forbidden : &allowed)->sin_addr.s_addr;
			flipped.sin_port = (i % 2 ? &forbidden : &allowed)->sin_port;
		}
	return unused;
}

static long caught, overcome;
static volatile int first_call_made;

/* Any descriptor with seals is the vault's: nobody else makes one here. */
static void *catch_descriptor(void *unused)
{
	while (!first_call_made)
		for (int fd = 3; fd < 12; fd++) {
			if (fcntl(fd, F_GET_SEALS) <= 0)
				continue;
			caught++;
			char name[40];
			snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
			int ours = open(name, O_RDWR), kept = ours < 0 ? fd : ours;
			overcome += write(kept, &forbidden, sizeof forbidden) > 0;
			overcome += pwrite(kept, &forbidden, sizeof forbidden, 64) > 0;
			overcome += !ftruncate(kept, 0);
			overcome += !fallocate(kept, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE);
			overcome += no_map(mmap(NULL, PAGE, 3, MAP_SHARED, kept, 0));
			if (ours >= 0)
				close(ours);
		}
	return unused;
}

/* In a child: its vault is made at this call. */
static int first_call(void)
{
	pthread_t catcher;
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	first_call_made = 0;
	if (pthread_create(&catcher, NULL, catch_descriptor, NULL))
		return 2;
	sendto(s, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&allowed, sizeof allowed);
	first_call_made = 1;
	pthread_join(catcher, NULL);
	return overcome ? 1 : caught ? 3 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "first")) { /* after an execve: a fresh address space */
		allowed = (struct sockaddr_in){ AF_INET, htons((uint16_t)atoi(argv[3])), { inet_addr(argv[2]) }, { 0 } };
		return first_call();
	}
	if (argc != 5) {
		fprintf(stderr, "usage: vault-attack TRIES ALLOWED FORBIDDEN FORBIDDEN_PORT\n");
		return 2;
	}
	tries = atol(argv[1]);
	int sink = socket(AF_INET, SOCK_DGRAM, 0), s = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t length = sizeof allowed;
	allowed = (struct sockaddr_in){ AF_INET, 0, { inet_addr(argv[2]) }, { 0 } };
	forbidden = (struct sockaddr_in){ AF_INET, htons((uint16_t)atoi(argv[4])), { inet_addr(argv[3]) }, { 0 } };
	if (bind(sink, (struct sockaddr *)&allowed, length) || getsockname(sink, (struct sockaddr *)&allowed, &length)) {
		perror("vault-attack: bind");
		return 2;
	}
	memcpy((void *)&flipped, &allowed, sizeof allowed);
	elsewhere = mmap(NULL, VAULT_BYTES, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	segment = shmget(IPC_PRIVATE, PAGE, 0600 | IPC_CREAT);
	self_mem = open("/proc/self/mem", O_RDWR);
	pthread_t flipper, attacker;
	pthread_create(&flipper, NULL, flip, NULL);
	pthread_create(&attacker, NULL, attack, NULL);
	while (!stop) {
		if (sendto(s, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&flipped, sizeof flipped) == 1)
			sent++;
		else
			denied += errno == EPERM;
	}
	pthread_join(flipper, NULL);
	pthread_join(attacker, NULL);
	shmctl(segment, IPC_RMID, NULL);
	for (int i = 0; i < ATTACKS; i++)
		if (succeeded[i])
			printf("%s succeeded %ld\n", attacks[i].name, succeeded[i]);
	char port[10];
	snprintf(port, sizeof port, "%d", ntohs(allowed.sin_port));
	long vaults = 0;
	for (long i = 0; i < tries && i < 200; i++) {
		pid_t child = fork();
		if (child == 0) {
			execl("/proc/self/exe", argv[0], "first", argv[2], port, NULL);
			_exit(2);
		}
		int status = 0;
		waitpid(child, &status, 0);
		if (!WIFEXITED(status) || WEXITSTATUS(status) == 1 || WEXITSTATUS(status) == 2)
			printf("the descriptor succeeded, status %d\n", status);
		vaults += WIFEXITED(status) && WEXITSTATUS(status) == 3;
	}
	printf("attacks %ld sent %ld denied %ld vaults %ld\n", all_tried, sent, denied, vaults);
	return 0;
}
