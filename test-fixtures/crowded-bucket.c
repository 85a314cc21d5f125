/* Sends to a denied datagram socket by another name of its file, while the kernel is asked in parts for the names of all sockets:
 *
 *   crowded-bucket NAME ALIAS DIRECTORY TRIES FIRST    NAME is what the socket is bound to, ALIAS a hard link to it; DIRECTORY is a tmpfs, whose inodes
 *                                                      are numbered one after the other; FIRST is whether the first part of the answer is "short"
 *                                                      or as "long" as the others, which is for the asker to choose
 *
 * The kernel keeps sockets with a file in 256 buckets, by the inode's number, newest first, and goes on with the next part of its answer at a count of
 * those of one bucket. So here are as many in the bucket of NAME as make one part end a few before it; and while they are asked for, some of those that
 * were told of already are closed: what the count has gone past then is told of by nobody. stdout: how many sends succeeded, were refused (EPERM), or else.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* So many are closed in a try; so many entries before NAME a part ends; so many sends at first tell how long one takes. */
enum { MOST = 1000, CLOSED = 6, BEFORE = 3, BUCKETS = 256, MEASURED = 100 };

static const char *directory;
static unsigned long bucket;
static int crowd[MOST];
static int crowded;
/* In which part of the answer NAME is to be told, the first is 1. The kernel makes each when the one before is read: the longest time passes between two
 * of them while the asker looks through the first long one. */
static int wanted;
static long delay;
static sem_t begun, over;

static void die(const char *what)
{
    perror(what);
    exit(2);
}

/* A socket in the bucket; a long name takes much room in the answer. */
static int join(void)
{
    static unsigned number;
    for (;;) {
        struct sockaddr_un name = { .sun_family = AF_UNIX };
        struct stat status;
        char file[100];
        snprintf(file, sizeof file, "%s/f", directory);
        int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        if (fd < 0 || fstat(fd, &status) != 0)
            die(file);
        close(fd);
        unlink(file);
        if ((status.st_ino + 1) % BUCKETS != bucket)
            continue;
        snprintf(name.sun_path, sizeof name.sun_path, "%s/%0*u", directory, (int)(sizeof name.sun_path - strlen(directory) - 2), number++);
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (bind(fd, (struct sockaddr *)&name, sizeof name) != 0 || stat(name.sun_path, &status) != 0)
            die(name.sun_path);
        unlink(name.sun_path);
        if (status.st_ino % BUCKETS == bucket)
            return fd;
        close(fd);
    }
}

/* How many sockets are told of before the one of this name, or a negative number; and how many before its part, if that is the one wanted or a later one. */
static int asked(const char *name, int *part)
{
    static char reply[64 << 10];
    struct {
        struct nlmsghdr header;
        struct unix_diag_req diag;
    } request = {
        .header = { .nlmsg_len = sizeof request, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
        .diag = { .sdiag_family = AF_UNIX, .udiag_states = -1, .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS },
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (wanted == 3) { /* what was read of the answer about none makes the next ones as long */
        request.diag.udiag_states = 0;
        if (send(fd, &request, sizeof request, 0) < 0 || recv(fd, reply, sizeof reply, 0) < 0)
            die("sock_diag");
        request.diag.udiag_states = -1;
    }
    if (fd < 0 || send(fd, &request, sizeof request, 0) < 0)
        die("sock_diag");
    int sockets = 0, at = -1;
    *part = -1;
    for (int parts = 1;; parts++) {
        int begin = sockets;
        int length = recv(fd, reply, sizeof reply, 0);
        if (length <= 0)
            die("sock_diag");
        for (struct nlmsghdr *h = (void *)reply; NLMSG_OK(h, length); h = NLMSG_NEXT(h, length)) {
            if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY) {
                close(fd);
                return at;
            }
            struct nlattr *a = (void *)((char *)NLMSG_DATA(h) + sizeof(struct unix_diag_msg));
            if ((char *)a < (char *)h + h->nlmsg_len && a->nla_type == UNIX_DIAG_NAME && strncmp((char *)(a + 1), name, a->nla_len - NLA_HDRLEN) == 0) {
                at = sockets;
                *part = parts >= wanted ? begin : -1;
            }
            sockets++;
        }
    }
}

static long nanos(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void *leave(void *unused)
{
    prctl(PR_SET_TIMERSLACK, 1);
    for (;;) {
        sem_wait(&begun);
        if (delay < 0)
            return unused;
        nanosleep(&(struct timespec){ 0, delay }, NULL);
        for (int i = 0; i < CLOSED; i++)
            close(crowd[--crowded]);
        sem_post(&over);
    }
}

static int by_size(const void *a, const void *b)
{
    return *(const long *)a > *(const long *)b ? 1 : -1;
}

int main(int argc, char **argv)
{
    struct sockaddr_un alias = { .sun_family = AF_UNIX };
    struct stat status;
    if (argc != 6 || stat(argv[2], &status) != 0)
        return 2;
    strncpy(alias.sun_path, argv[2], sizeof alias.sun_path - 1);
    bucket = status.st_ino % BUCKETS;
    directory = argv[3];
    wanted = strcmp(argv[5], "long") == 0 ? 3 : 4;
    int part, at;
    do {
        if (crowded == MOST)
            return 3;
        crowd[crowded++] = join();
        at = asked(argv[1], &part);
    } while (part < 0 || at - part != BEFORE);
    int whole = crowded, counts[3] = { 0 };
    long took[MEASURED];
    pthread_t thread;
    sem_init(&begun, 0, 0);
    sem_init(&over, 0, 0);
    pthread_create(&thread, NULL, leave, NULL);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    for (int i = 0; i < MEASURED + atoi(argv[4]); i++) {
        while (crowded < whole)
            crowd[crowded++] = join();
        if (i == MEASURED)
            qsort(took, MEASURED, sizeof took[0], by_size);
        if (i >= MEASURED) {
            delay = took[MEASURED / 4] / 4 + rand() % took[MEASURED / 4];
            sem_post(&begun);
        }
        long before = nanos();
        int rc = sendto(fd, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&alias, sizeof alias);
        counts[rc >= 0 ? 0 : errno == EPERM ? 1 : 2]++;
        if (i < MEASURED)
            took[i] = nanos() - before;
        else
            sem_wait(&over);
    }
    delay = -1;
    sem_post(&begun);
    pthread_join(thread, NULL);
    printf("%d succeeded, %d refused, %d came to nothing\n", counts[0], counts[1], counts[2]);
    return 0;
}
