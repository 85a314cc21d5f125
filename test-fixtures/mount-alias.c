/* Gives denied sockets an allowed path, in a mount namespace of its own, and names them from there:
 *
 *   mount-alias IN OUT   a child mounts the directory OUT upon IN where only it sees that, and sends a descriptor of what is there now; then
 *                        OUT/stream and OUT/dgram are named by paths relative to it, and through /proc/self/fd
 *
 * stdout: a line for each kind and way, ok or the error.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(int holds, const char *what)
{
    if (!holds) {
        perror(what);
        exit(2);
    }
}

static void give(int to, int descriptor)
{
    char control[CMSG_SPACE(sizeof descriptor)] = { 0 };
    struct iovec byte = { "", 1 };
    struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    *rights = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof descriptor) };
    memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
    must(sendmsg(to, &message, 0) == 1, "sendmsg");
}

static int take(int from)
{
    int descriptor;
    char byte, control[CMSG_SPACE(sizeof descriptor)];
    struct iovec into = { &byte, 1 };
    struct msghdr message = { .msg_iov = &into, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
    must(recvmsg(from, &message, 0) == 1 && CMSG_FIRSTHDR(&message) != NULL, "recvmsg");
    memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptor);
    return descriptor;
}

static void alias(const char *in, const char *out, int to)
{
    must(unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) == 0, "unshare");
    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "mount private");
    must(mount(out, in, NULL, MS_BIND, NULL) == 0, "mount bind");
    int descriptor = open(in, O_PATH | O_DIRECTORY);
    must(descriptor >= 0, in);
    give(to, descriptor);
}

static void name(const char *way, const char *kind, int type, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s%s", path, kind);
    int s = socket(AF_UNIX, type, 0);
    int rc = type == SOCK_DGRAM ? (int)sendto(s, kind, strlen(kind), 0, (struct sockaddr *)&address, sizeof address)
                                : connect(s, (struct sockaddr *)&address, sizeof address);
    printf("%s %s %s\n", way, kind, rc >= 0 ? "ok" : strerrorname_np(errno));
    close(s);
}

int main(int argc, char **argv)
{
    int ends[2];
    must(argc == 3 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    pid_t child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        alias(argv[1], argv[2], ends[1]);
        _exit(0);
    }
    close(ends[1]);
    int directory = take(ends[0]);
    must(waitpid(child, NULL, 0) == child && fchdir(directory) == 0, "fchdir");
    char through[64];
    snprintf(through, sizeof through, "/proc/self/fd/%d/", directory);
    name("relative", "stream", SOCK_STREAM, "");
    name("relative", "dgram", SOCK_DGRAM, "");
    name("descriptor", "stream", SOCK_STREAM, through);
    name("descriptor", "dgram", SOCK_DGRAM, through);
    return 0;
}
