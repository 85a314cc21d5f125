/* The reaper: all that stays of secfilt where the firewall holds the policy alone and nobody supervises. It waits until the command's
 * cgroup is empty, takes the packet filter's rules away, and the cgroup last.
 *
 *   secfilt-reaper CGROUP NAME [PROGRAM RULES]...     CGROUP and RULES are numbers of open descriptors
 *   secfilt-reaper network ...                        see network.c
 *
 * CGROUP is the directory, with the lock that tells others that somebody looks after it; each PROGRAM reads the RULES. */
#include "stub.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A dead task leaves its cgroup a moment after its death can be seen. */
enum { REMOVALS = 100, MICROSECONDS = 2000 };

/* Version 1 tells no end: it is looked for. And deeper than this no cgroup is looked into. */
enum { LOOK_MICROSECONDS = 50000, DEPTH = 64 };

/* cgroups(7) "cgroup.events": a change of the file is told as POLLPRI. */
static bool is_populated(int events)
{
    char text[256];
    ssize_t length = pread(events, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    return strstr(text, "populated 1") != NULL;
}

/* Calls one with each cgroup in this one, until it says true. */
static bool any_below(int cgroup, int depth, bool (*one)(int parent, const char *name, int depth))
{
    int own = openat(cgroup, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = own < 0 || depth == 0 ? NULL : fdopendir(own);
    bool any = false;
    for (struct dirent *entry; directory != NULL && !any && (entry = readdir(directory)) != NULL;)
        any = entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0
            && one(own, entry->d_name, depth - 1);
    if (directory != NULL)
        closedir(directory);
    else if (own >= 0)
        close(own);
    return any;
}

static bool has_process_below(int parent, const char *name, int depth);

/* Of version 1. */
static bool has_process(int cgroup, int depth)
{
    char first;
    int processes = openat(cgroup, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    bool any = processes >= 0 && read(processes, &first, 1) == 1;
    if (processes >= 0)
        close(processes);
    return any || any_below(cgroup, depth, has_process_below);
}

static bool has_process_below(int parent, const char *name, int depth)
{
    int cgroup = openat(parent, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool any = cgroup >= 0 && has_process(cgroup, depth);
    if (cgroup >= 0)
        close(cgroup);
    return any;
}

/* With all that the command made in it. */
static bool remove_cgroup(int parent, const char *name, int depth)
{
    int cgroup = openat(parent, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (cgroup >= 0) {
        any_below(cgroup, depth, remove_cgroup);
        close(cgroup);
    }
    for (int i = 0; i < REMOVALS && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno == EBUSY; i++)
        usleep(MICROSECONDS);
    return false;
}

bool feed(char **pairs, int count)
{
    bool taken = true;
    for (int i = 0; i + 1 < count; i += 2) {
        pid_t child = fork();
        for (int retry = 0; retry < REMOVALS && child < 0; retry++) { /* too many processes: some will end */
            usleep(LOOK_MICROSECONDS);
            child = fork();
        }
        taken = taken && child >= 0;
        if (child == 0) {
            dup2(atoi(pairs[i + 1]), STDIN_FILENO);
            execl(pairs[i], pairs[i], "--noflush", "-w", "60", (char *)NULL);
            _exit(OWN_FAILURE);
        }
    }
    for (int status = 0; wait(&status) > 0 || errno == EINTR; status = 0)
        taken = taken && status == 0;
    return taken;
}

int reap(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "network") == 0)
        return reap_network(argc, argv);
    if (argc < 3)
        return OWN_FAILURE;
    int cgroup = atoi(argv[1]);
    int events = openat(cgroup, "cgroup.events", O_RDONLY | O_CLOEXEC);
    int parent = openat(cgroup, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return OWN_FAILURE;
    while (events >= 0 && is_populated(events)) {
        struct pollfd change = { .fd = events, .events = POLLPRI };
        poll(&change, 1, -1);
    }
    while (events < 0 && has_process(cgroup, DEPTH))
        usleep(LOOK_MICROSECONDS);
    if (feed(argv + 3, argc - 3)) /* else it stays: iptables-legacy cannot change a table that names one that is gone */
        remove_cgroup(parent, argv[2], DEPTH);
    return 0;
}
