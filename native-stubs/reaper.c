/* The reaper: all that stays of secfilt where the firewall holds the policy alone and nobody supervises. It waits until the command's
 * cgroup is empty, takes the packet filter's rules away, and the cgroup last.
 *
 *   secfilt-reaper CGROUP NAME [PROGRAM RULES]...     CGROUP and RULES are numbers of open descriptors
 *
 * CGROUP is the directory, with the lock that tells others that somebody looks after it; each PROGRAM reads the RULES. */
#include "stub.h"

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

/* cgroups(7) "cgroup.events": a change of the file is told as POLLPRI. */
static bool is_populated(int events)
{
    char text[256];
    ssize_t length = pread(events, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    return strstr(text, "populated 1") != NULL;
}

int reap(int argc, char **argv)
{
    if (argc < 3)
        return OWN_FAILURE;
    int cgroup = atoi(argv[1]);
    int events = openat(cgroup, "cgroup.events", O_RDONLY | O_CLOEXEC);
    int parent = openat(cgroup, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (events < 0 || parent < 0)
        return OWN_FAILURE;
    while (is_populated(events)) {
        struct pollfd change = { .fd = events, .events = POLLPRI };
        poll(&change, 1, -1);
    }
    for (int i = 3; i + 1 < argc; i += 2) {
        if (fork() == 0) {
            dup2(atoi(argv[i + 1]), STDIN_FILENO);
            execl(argv[i], argv[i], "--noflush", "-w", "30", (char *)NULL);
            _exit(OWN_FAILURE);
        }
    }
    while (wait(NULL) > 0 || errno == EINTR)
        continue;
    for (int i = 0; i < REMOVALS && unlinkat(parent, argv[2], AT_REMOVEDIR) < 0 && errno == EBUSY; i++)
        usleep(MICROSECONDS);
    return 0;
}
