/* The supervisor's birth: a grandchild in a session of its own, with nothing of ours but stdout, stderr and
 * one end of a socketpair, that becomes a java. It works on its own copies of everything, so that the
 * process the user started stays as it was. */
#include "stub.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The socket's number in the stub: high, so that the numbers a shell or a jobserver counts on stay free. */
enum { HIGH_FD = 100 };
/* The socket's number in the supervisor, and where it finds the user's standard output and error: it takes them when it speaks for itself. */
enum { SUPERVISOR_FD = 3, STDOUT_FD = 4, STDERR_FD = 5 };
enum { MAX_OPTIONS = 120, OPTIONS_BYTES = 16 * 1024, SIGNALS = 64, FEWEST_SPARE = 20 };
/* The kernel's; glibc sets the two that it keeps for itself when it needs them. */
enum { FIRST_REAL_TIME = 32 };

#define JAR "secfilt.jar"
#define MAIN_CLASS "org.secfilt.cli.Main"
#define PACKAGES "a Java runtime, 17 or later (on Debian: apt-get install openjdk-17-jre-headless)"

extern char **environ;

/* What failed, why by errno, and which limit that is. */
static void complain_of_failure(const char *what)
{
    complain("%s: %s%s", what, strerror(errno), errno == EMFILE ? "; is there a limit on open files (ulimit -n)?" : "");
}

/* Enters ../lib beside our binary, symbolic links to the binary followed. */
static bool enter_lib(void)
{
    char path[PATH_MAX + sizeof "/lib"];
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
    if (length < 0) {
        complain("cannot tell where it is installed: /proc/self/exe: %s", strerror(errno));
        return false;
    }
    path[length] = '\0';
    for (int up = 0; up < 2; up++) { /* the binary's name, then bin */
        char *slash = strrchr(path, '/');
        if (slash != NULL)
            *slash = '\0';
    }
    strcat(path, "/lib");
    if (chdir(path) == 0)
        return true;
    complain("%s: %s; it belongs beside the bin directory", path, strerror(errno));
    return false;
}

/* Reads a whole small text file into `text`; -1 if it cannot be read or is too long. */
static ssize_t read_text(const char *name, char *text, size_t size)
{
    int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    size_t length = 0;
    ssize_t count;
    while (length < size && (count = read(file, text + length, size - length)) > 0)
        length += (size_t)count;
    close(file);
    if (length == size)
        return -1;
    text[length] = '\0';
    return (ssize_t)length;
}

static bool is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* The java of a Java home; relative homes are not looked at, whoever could write there would be obeyed. */
static bool java_of_home(const char *home, char java[PATH_MAX])
{
    return home != NULL && home[0] == '/' && snprintf(java, PATH_MAX, "%s/bin/java", home) < PATH_MAX
        && is_program(java);
}

static bool java_on_path(const char *path, char java[PATH_MAX])
{
    while (path != NULL && *path != '\0') {
        size_t length = strcspn(path, ":");
        if (path[0] == '/' && snprintf(java, PATH_MAX, "%.*s/java", (int)length, path) < PATH_MAX && is_program(java))
            return true;
        path += length + (path[length] == ':');
    }
    return false;
}

/* The java it was built with, the user's, or the one on PATH. */
static bool find_java(char java[PATH_MAX])
{
    char home[PATH_MAX];
    if (read_text("java-home", home, sizeof home) > 0) {
        home[strcspn(home, "\r\n")] = '\0';
        if (java_of_home(home, java))
            return true;
    }
    if (java_of_home(getenv("JAVA_HOME"), java) || java_on_path(getenv("PATH"), java))
        return true;
    complain("no java here: install " PACKAGES ", or set JAVA_HOME");
    return false;
}

/* Appends the lines of lib/jvm.options, but for empty ones and comments. Returns the new count, or -1. */
static int add_options(const char *arguments[], int count, char text[OPTIONS_BYTES])
{
    if (read_text("jvm.options", text, OPTIONS_BYTES) < 0) {
        if (errno == EMFILE)
            complain_of_failure("lib/jvm.options");
        else
            complain("lib/jvm.options: unreadable or above %d bytes", OPTIONS_BYTES);
        return -1;
    }
    for (char *line = strtok(text, "\r\n"); line != NULL; line = strtok(NULL, "\r\n")) {
        if (*line == '#')
            continue;
        if (count == MAX_OPTIONS) {
            complain("lib/jvm.options: more than %d lines", MAX_OPTIONS);
            return -1;
        }
        arguments[count++] = line;
    }
    return count;
}

/* The environment of the supervisor: nothing that could steer a java (JAVA_TOOL_OPTIONS, LD_PRELOAD ...). */
static void clean_environment(const char *environment[8])
{
    static const char *const fixed[] = { "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", "MALLOC_ARENA_MAX=1" };
    static const char *const copied[] = { "NO_COLOR=", "TERM=", "COLUMNS=" };
    int count = 0;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        environment[count++] = fixed[i];
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        for (char **entry = environ; *entry != NULL; entry++)
            if (strncmp(*entry, copied[i], strlen(copied[i])) == 0) {
                environment[count++] = *entry;
                break;
            }
    environment[count] = NULL;
}

/* As high as we may: root's hard limits go too. */
static void raise_limit(int which)
{
    struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
    if (setrlimit(which, &limit) == 0 || getrlimit(which, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(which, &limit);
}

/* Not by signal(3), which leaves out the two signals glibc keeps for itself. */
static void set_signal(int number, uint64_t handler)
{
    const uint64_t action[4] = { handler };
    syscall(SYS_rt_sigaction, number, action, NULL, SIGNALS / 8);
}

/* Limits and signals as a daemon would have them: what the user lowered or ignored was meant for his command. */
static void shed_inherited_state(void)
{
    static const int limits[] = { RLIMIT_AS, RLIMIT_DATA, RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_NPROC, RLIMIT_NOFILE };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        raise_limit(limits[i]);
    for (int number = 1; number <= SIGNALS; number++)
        set_signal(number, (uintptr_t)SIG_DFL);
    /* Who stops a service signals all of it, and with us the command would die before it has followed its own. A java leaves ignored what is. */
    static const int endings[] = { SIGHUP, SIGINT, SIGTERM };
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        set_signal(endings[i], (uintptr_t)SIG_IGN);
    /* Others end who has no use for them. A java, and we, set those that they use: the leases' SIGIO (hold.c) is to be deadly until then. */
    static const int idle[] = { SIGUSR1, SIGALRM, SIGVTALRM, SIGPROF, SIGSTKFLT, SIGPWR, SIGXCPU };
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
        set_signal(idle[i], (uintptr_t)SIG_IGN);
    for (int number = FIRST_REAL_TIME; number <= SIGNALS; number++)
        set_signal(number, (uintptr_t)SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void close_from(int first)
{
    if (syscall(SYS_close_range, first, ~0U, 0) == 0)
        return;
    for (long fd = first, end = sysconf(_SC_OPEN_MAX); fd < end; fd++) /* before Linux 5.9 */
        close((int)fd);
}

/* Where there is no /dev/null, a descriptor that can be neither read nor written. */
static int open_nothing(void)
{
    int nothing = open("/dev/null", O_RDWR);
    return nothing >= 0 ? nothing : open("/", O_PATH);
}

/* stdin from nowhere, stdout and stderr as they are if they are open, and once more, the socket at SUPERVISOR_FD, no more. A closed stdout takes
 * nothing: the user learns that an answer was lost. */
static bool arrange_descriptors(int socket)
{
    /* The closing comes before the first open: the user may have left no number free. */
    if (socket == SUPERVISOR_FD ? fcntl(socket, F_SETFD, 0) < 0 : dup2(socket, SUPERVISOR_FD) < 0)
        return false;
    close_from(SUPERVISOR_FD + 1);
    close(STDIN_FILENO);
    bool closed = fcntl(STDOUT_FILENO, F_GETFD) < 0;
    int nothing = open_nothing();
    while (nothing >= 0 && nothing <= STDERR_FILENO) /* each open fills the lowest gap */
        nothing = open_nothing();
    if (nothing < 0 || close(nothing) != 0 || (closed && (close(STDOUT_FILENO) < 0 || open("/", O_PATH) != STDOUT_FILENO)))
        return false;
    return dup2(STDOUT_FILENO, STDOUT_FD) >= 0 && dup2(STDERR_FILENO, STDERR_FD) >= 0;
}

/* What a java and the supervisor open for a run: whoever has fewer would fail amid it. */
static bool has_spare_descriptors(void)
{
    int spare[FEWEST_SPARE], count = 0;
    while (count < FEWEST_SPARE && (spare[count] = dup(STDIN_FILENO)) >= 0)
        count++;
    int why = errno;
    for (int i = 0; i < count; i++)
        close(spare[i]);
    errno = why;
    return count == FEWEST_SPARE;
}

/* The stub's end is ours, by SIGIO, until the supervisor has begun what it must end itself (JnrFrontEnd.java): we are nobody's child, for whom
 * PR_SET_PDEATHSIG would do. fcntl(2) "O_ASYNC" */
static void end_with_stub(int socket)
{
    struct pollfd stub = { .fd = socket };
    fcntl(socket, F_SETOWN, getpid());
    fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_ASYNC);
    if (poll(&stub, 1, 0) > 0 && (stub.revents & POLLHUP))
        _exit(OWN_FAILURE); /* before: nobody tells us any more */
}

/* Becomes the supervisor of process `stub`, or answers in its place. */
static _Noreturn void become_java(int socket, pid_t stub)
{
    static char java[PATH_MAX], options[OPTIONS_BYTES], fd_text[16], pid_text[16];
    const char *arguments[MAX_OPTIONS + 8] = { java }, *environment[8];
    const uint32_t failed[2] = { MESSAGE_EXIT, OWN_FAILURE };
    setsid();
    shed_inherited_state();
    if (!arrange_descriptors(socket)) {
        complain_of_failure("no descriptor left for the supervisor");
    } else if (!has_spare_descriptors()) {
        complain_of_failure("too few descriptors left for the supervisor");
    } else {
        int count = 1;
        socket = SUPERVISOR_FD;
        end_with_stub(socket);
        if (enter_lib() && find_java(java) && hold_what_runs(java) && (count = add_options(arguments, count, options)) > 0) {
            snprintf(fd_text, sizeof fd_text, "%d", socket);
            snprintf(pid_text, sizeof pid_text, "%d", (int)stub);
            const char *const rest[] = { "-cp", JAR, MAIN_CLASS, fd_text, pid_text, NULL };
            memcpy(arguments + count, rest, sizeof rest);
            clean_environment(environment);
            dup2(socket, STDOUT_FILENO);
            dup2(socket, STDERR_FILENO);
            execve(java, (char *const *)arguments, (char *const *)environment);
            dup2(STDERR_FD, STDERR_FILENO);
            complain("%s: %s", java, strerror(errno));
        }
    }
    _exit(write(socket, failed, sizeof failed) == sizeof failed ? 0 : OWN_FAILURE);
}

/* Moves a descriptor up to HIGH_FD or, where the limit is low, at least past stderr. */
static int move_up(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
    if (moved < 0)
        moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return moved;
}

/* /proc must be there, and show us under our own number: through it the supervisor finds us. */
static bool knows_us(void)
{
    char ours[16], shown[16] = "";
    if (readlink("/proc/self", shown, sizeof shown - 1) < 0) {
        complain("there is no /proc here, and secfilt cannot work without: mount -t proc proc /proc");
        return false;
    }
    snprintf(ours, sizeof ours, "%d", (int)getpid());
    if (strcmp(ours, shown) == 0)
        return true;
    complain("/proc is that of another PID namespace (process %s is %s there): mount -t proc proc /proc", ours, shown);
    return false;
}

int start_supervisor(void)
{
    int ends[2];
    if (!knows_us())
        return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        complain_of_failure("socketpair");
        return -1;
    }
    pid_t stub = getpid();
    int ours = move_up(ends[0]), theirs = move_up(ends[1]);
    if (ours < 0 || theirs < 0) {
        errno = EMFILE; /* the first of the two may be the one */
        complain_of_failure("no descriptor left for the supervisor's socket");
        return -1;
    }
    pid_t supervisor = make_orphan(0);
    if (supervisor == 0)
        become_java(theirs, stub);
    close(theirs);
    if (supervisor < 0) {
        complain("fork: %s%s", strerror(-supervisor), supervisor == -EAGAIN ? "; is there a limit on processes (ulimit -u)?" : "");
        close(ours);
        return -1;
    }
    return ours;
}
