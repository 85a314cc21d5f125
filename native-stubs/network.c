/* The reaper of a network behind the host's addresses, where nobody supervises. It waits until the host's end of the pair is gone, as it is
 * with the command's last process, and undoes what was done on the host for its sake.
 *
 *   secfilt-reaper network INTERFACE [PROGRAM RULES]... + [PROGRAM RULES]... + [SYSCTL]...
 *
 * The first rules are this pair's. The second, and the files that get a 0, are for whoever is the last one to leave: other pairs need them
 * too. What the last one finds that it was not told of (a pair that came and went meanwhile may have left something) secfilt gc removes. */
#include "stub.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* As org.secfilt.nat.NatLink and NatRules have them. */
#define PREFIX "sfn"
#define REMEMBERED "secfilt forwarding of "

/* Should a message get lost. */
enum { LOOK_MILLISECONDS = 1000 };

/* For a second. */
enum { NAMESPACE_LOOKS = 100, MICROSECONDS = 10000 };

/* rtnetlink(7): every change of an interface is told. */
static void await_end_of(const char *name)
{
    const struct sockaddr_nl links = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
    int news = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (news >= 0 && bind(news, (const struct sockaddr *)&links, sizeof links) < 0) {
        close(news);
        news = -1;
    }
    while (if_nametoindex(name) != 0) {
        struct pollfd change = { .fd = news, .events = POLLIN };
        char message[8192];
        poll(&change, 1, LOOK_MILLISECONDS);
        while (news >= 0 && recv(news, message, sizeof message, MSG_DONTWAIT) > 0)
            continue;
    }
    if (news >= 0)
        close(news);
}

static bool is_pair(const char *name)
{
    size_t prefix = strlen(PREFIX), length = strlen(name);
    return length > prefix && strncmp(name, PREFIX, prefix) == 0
        && strspn(name + prefix, "0123456789abcdef") == length - prefix;
}

static bool is_last(void)
{
    bool last = true;
    struct if_nameindex *all = if_nameindex();
    for (struct if_nameindex *one = all; one != NULL && one->if_index != 0; one++)
        last = last && !is_pair(one->if_name);
    if (all != NULL)
        if_freenameindex(all);
    return all != NULL && last;
}

/* An interface that is gone has no file any more. */
static void switch_off(const char *file)
{
    int sysctl = open(file, O_WRONLY | O_CLOEXEC);
    if (sysctl < 0)
        return;
    if (write(sysctl, "0\n", 2) < 0)
        complain("%s is still switched on", file);
    close(sysctl);
}

/* Whether a listing by PROGRAM, an iptables-save beside the iptables-restore, has such a rule yet. */
static bool remembers(const char *program)
{
    static const char restore[] = "-restore";
    char save[4096], line[4096];
    size_t stem = strlen(program) - strlen(restore);
    bool found = false;
    int ends[2];
    if (strlen(program) >= sizeof save || strlen(program) < strlen(restore) || strcmp(program + stem, restore) != 0 || pipe2(ends, O_CLOEXEC) < 0)
        return false;
    snprintf(save, sizeof save, "%.*s-save", (int)stem, program);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(save, save, "-t", "filter", (char *)NULL);
        _exit(OWN_FAILURE);
    }
    close(ends[1]);
    FILE *listing = fdopen(ends[0], "r");
    while (listing != NULL && fgets(line, sizeof line, listing) != NULL)
        found = found || strstr(line, REMEMBERED) != NULL;
    if (listing != NULL)
        fclose(listing);
    if (child > 0)
        waitpid(child, NULL, 0);
    return found;
}

/* By the same programs: the first on PATH are those of this directory. */
static void collect(const char *program)
{
    char path[4096];
    const char *slash = strrchr(program, '/');
    snprintf(path, sizeof path, "%.*s:%s", slash == NULL ? 0 : (int)(slash - program), program, "/usr/sbin:/usr/bin:/sbin:/bin");
    setenv("PATH", path, 1);
    execl("/proc/self/exe", "secfilt", "gc", "-q", (char *)NULL);
}

/* The first separator from here on, or the end. */
static int separator(int argc, char **argv, int from)
{
    while (from < argc && strcmp(argv[from], "+") != 0)
        from++;
    return from;
}

static void await_lock(int fd)
{
    while (flock(fd, LOCK_EX) < 0 && errno == EINTR)
        continue;
}

/* As the supervisors have it, org.secfilt.kernel.jnr.JnrNetworkLock: a file that root alone can open, then the namespace itself, which those know
 * who have another /run. Everybody can hold that, so nobody waits long who has the file; here nobody waits for us. Returns the file or -1. */
static int lock_network(char *path, size_t size)
{
    struct stat found;
    int namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), file = -1;
    if (namespace < 0 || fstat(namespace, &found) < 0)
        return -1;
    snprintf(path, size, "/run/secfilt-network-%llu.lock", (unsigned long long)found.st_ino);
    do {
        if (file >= 0)
            close(file);
        file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file < 0 || fstat(file, &found) < 0 || found.st_uid != 0 || (found.st_mode & 077) != 0) {
            if (file >= 0)
                close(file);
            await_lock(namespace);
            return -1;
        }
        await_lock(file);
    } while (fstat(file, &found) == 0 && found.st_nlink == 0); /* whoever held it has removed it */
    for (int i = 0; i < NAMESPACE_LOOKS && flock(namespace, LOCK_EX | LOCK_NB) < 0; i++)
        usleep(MICROSECONDS);
    return file;
}

int reap_network(int argc, char **argv)
{
    char path[64];
    if (argc < 3)
        return OWN_FAILURE;
    int first = 3, second = separator(argc, argv, first) + 1, files = separator(argc, argv, second) + 1;
    bool more = false;
    await_end_of(argv[2]);
    int lock = lock_network(path, sizeof path);
    feed(argv + first, second - 1 - first);
    if (is_last()) {
        for (int i = files; i < argc; i++)
            switch_off(argv[i]);
        feed(argv + second, files - 1 - second);
        for (int i = first; i + 1 < second; i += 2)
            more = more || remembers(argv[i]);
    }
    if (lock >= 0)
        unlink(path);
    if (more)
        collect(argv[first]); /* which takes the lock too: execve lets go of it */
    return 0;
}
