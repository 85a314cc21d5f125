/* Swaps a directory of a unix socket's path under calls that name it:
 *
 *   path-race serve OUT          listens at OUT/stream and OUT/dgram, says "ready", and then of whatever comes there
 *   path-race KIND IN OUT CALLS  IN/a is in turn a directory with a socket that this program serves itself, and a link to OUT; one thread
 *                                exchanges the two without end, while this one connects so often to IN/a/stream, or sends to IN/a/dgram
 *
 * (or more often, until some have succeeded and some were refused). stdout of the second: how many calls succeeded, were refused (EPERM), and came to nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* On a busy machine one thread may not run for a long time: then there are more calls, up to so many times as many. */
enum { ENOUGH = 50, MOST = 20 };

static atomic_bool done;
static atomic_int sent = -1;

static struct sockaddr_un address(const char *directory, const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", directory, name) >= (int)sizeof address.sun_path)
        exit(2);
    return address;
}

static int serve(const char *directory, const char *name, int type)
{
    struct sockaddr_un local = address(directory, name);
    int fd = socket(AF_UNIX, type, 0);
    if (bind(fd, (struct sockaddr *)&local, sizeof local) != 0 || chmod(local.sun_path, 0777) != 0 || (type == SOCK_STREAM && listen(fd, 64) != 0))
        exit(2);
    return fd;
}

static void *swap(void *unused)
{
    while (!atomic_load(&done))
        renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE);
    return unused;
}

/* What the allowed sockets get is of no interest. */
static void *drain(void *sockets)
{
    const int *fds = sockets;
    char byte;
    while (!atomic_load(&done)) {
        struct pollfd ready[2] = { { fds[0], POLLIN, 0 }, { fds[1], POLLIN, 0 } };
        if (poll(ready, 2, 20) <= 0)
            continue;
        if (ready[0].revents)
            close(accept(fds[0], NULL, NULL));
        if (ready[1].revents)
            recv(fds[1], &byte, 1, MSG_DONTWAIT);
    }
    return sockets;
}

/* The thread that connects may stand still when it has: this one need not. */
static void *send_on(void *unused)
{
    while (!atomic_load(&done))
        send(atomic_load(&sent), "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    return unused;
}

static int stand_outside(const char *directory)
{
    struct pollfd sockets[2] = { { serve(directory, "stream", SOCK_STREAM), POLLIN, 0 }, { serve(directory, "dgram", SOCK_DGRAM), POLLIN, 0 } };
    char byte;
    puts("ready");
    for (;;) {
        fflush(stdout);
        if (poll(sockets, 2, -1) < 0)
            return 1;
        if (sockets[0].revents) {
            close(accept(sockets[0].fd, NULL, NULL));
            puts("a connection came");
        }
        if (sockets[1].revents && recv(sockets[1].fd, &byte, 1, MSG_DONTWAIT) >= 0)
            puts("a datagram came");
    }
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return stand_outside(argv[2]);
    if (argc != 5 || chdir(argv[2]) != 0 || mkdir("a", 0755) != 0 || symlink(argv[3], "b") != 0)
        return 2;
    bool stream = strcmp(argv[1], "stream") == 0;
    static int own[2];
    own[0] = serve("a", "stream", SOCK_STREAM);
    own[1] = serve("a", "dgram", SOCK_DGRAM);
    struct sockaddr_un name = address("a", argv[1]);
    pthread_t threads[3];
    pthread_create(&threads[0], NULL, swap, NULL);
    pthread_create(&threads[1], NULL, drain, own);
    pthread_create(&threads[2], NULL, send_on, NULL);
    int succeeded = 0, refused = 0, nothing = 0;
    int calls = atoi(argv[4]);
    for (int i = 0; i < calls || (i < MOST * calls && (succeeded < ENOUGH || refused < ENOUGH)); i++) {
        int fd = socket(AF_UNIX, (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK, 0);
        atomic_store(&sent, fd);
        long rc = stream ? connect(fd, (struct sockaddr *)&name, sizeof name) : sendto(fd, "y", 1, 0, (struct sockaddr *)&name, sizeof name);
        succeeded += rc >= 0;
        refused += rc < 0 && errno == EPERM;
        if (rc < 0 && errno != EPERM) {
            nothing++;
            sched_yield(); /* most likely to who is to take what came */
        }
        close(fd);
    }
    atomic_store(&done, true);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("%d succeeded, %d refused, %d came to nothing\n", succeeded, refused, nothing);
    return 0;
}
