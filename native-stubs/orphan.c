/* Processes that are nobody's children here, and leave no trace in the process that becomes the command. */
#include "stub.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t fork_with(unsigned long flags)
{
    return (pid_t)syscall(SYS_clone, flags, 0L, 0L, 0L, 0L);
}

/* True if no child's end and no SIGCHLD would be lost while SIGCHLD is ignored. */
static bool is_childless(void)
{
    sigset_t pending;
    siginfo_t child;
    return sigpending(&pending) == 0 && !sigismember(&pending, SIGCHLD)
        && waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0 && errno == ECHILD;
}

pid_t make_orphan(unsigned long flags)
{
    /* The number of the grandchild, or the error. */
    pid_t *made = mmap(NULL, sizeof *made, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED)
        return -errno;
    *made = -ESRCH;
    /* A reaper of orphans would adopt the grandchild, and hand it on to the command as a child. */
    int reaper = 0;
    if (prctl(PR_GET_CHILD_SUBREAPER, &reaper) == 0 && reaper)
        prctl(PR_SET_CHILD_SUBREAPER, 0);
    /* Of a child that ends while SIGCHLD is ignored nothing stays: no signal pending, no share in the usage of children (getrusage(2)),
     * which the command would have inherited. Where it cannot be ignored there is no exit signal, and the share is small. */
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    struct sigaction before;
    bool unseen = is_childless() && sigaction(SIGCHLD, &ignore, &before) == 0;
    pid_t child = fork_with(flags | (unseen ? SIGCHLD : 0));
    if (child == 0) {
        pid_t grandchild = fork_with(flags);
        if (grandchild == 0)
            return 0;
        *made = grandchild < 0 ? -errno : grandchild;
        _exit(0);
    }
    int error = child < 0 ? errno : 0;
    if (child > 0)
        while (waitpid(child, NULL, __WALL) < 0 && errno == EINTR)
            continue;
    if (unseen)
        sigaction(SIGCHLD, &before, NULL);
    if (reaper)
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t number = error != 0 ? -error : *made;
    munmap(made, sizeof *made);
    return number;
}
