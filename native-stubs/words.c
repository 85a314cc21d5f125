/* What a java says before it is the supervisor: its standard output and error are our socket until then, so that a virtual machine that
 * cannot even start is told of in our words. */
#include "stub.h"

#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* A virtual machine's account of its crash is 40 KB. Never written to in a run that goes well, it costs nothing. */
static struct {
    size_t length;
    char text[64 * 1024];
} words;

void overhear(char byte)
{
    if (words.length < sizeof words.text)
        words.text[words.length++] = byte;
}

void pass_on_words(void)
{
    size_t done = 0;
    while (done < words.length) {
        ssize_t count = write(STDERR_FILENO, words.text + done, words.length - done);
        if (count <= 0)
            break;
        done += (size_t)count;
    }
    words.length = 0;
}

static bool said(const char *what)
{
    return memmem(words.text, words.length, what, strlen(what)) != NULL;
}

/* The supervisor raises its soft limits, so it is the hard one that holds for it. */
static rlim_t hard_limit(int which)
{
    struct rlimit limit;
    return getrlimit(which, &limit) < 0 ? RLIM_INFINITY : limit.rlim_max;
}

/* Fewer than a java was seen to start with; root is not counted. */
static bool is_short_of_threads(void)
{
    enum { FEWEST_THREADS = 25 };
    return geteuid() != 0 && hard_limit(RLIMIT_NPROC) < FEWEST_THREADS;
}

/* Less than a java was seen to start with. */
static bool is_short_of_memory(void)
{
    const rlim_t mebibyte = 1024 * 1024;
    return hard_limit(RLIMIT_AS) < 350 * mebibyte || hard_limit(RLIMIT_DATA) < 60 * mebibyte;
}

/* Less than a java was seen to start with: it dies of SIGSEGV, without a word. */
static bool is_short_of_stack(void)
{
    return hard_limit(RLIMIT_STACK) < 48 * 1024;
}

static bool is_limited_in_memory(void)
{
    return hard_limit(RLIMIT_AS) != RLIM_INFINITY || hard_limit(RLIMIT_DATA) != RLIM_INFINITY;
}

/* The limit that it met, or what else is forbidden here; NULL if it seems to be none of ours. */
static const char *limit_met(void)
{
    if (is_short_of_threads() || said("unable to create native thread") || said("Out of system resources") || said("Could not create G1"))
        return is_limited_in_memory()
            ? "could not start all of its threads: is there a limit on them (ulimit -u, or a cgroup's pids.max), or on memory (ulimit -v, ulimit -d)?"
            : "could not start all of its threads: is there a limit on them (ulimit -u, or a cgroup's pids.max)?";
    bool memory = said("insufficient memory") || said("Could not reserve") || said("OutOfMemoryError");
    if (is_short_of_memory() || (memory && is_limited_in_memory()))
        return "had not enough memory: is there a limit on it (ulimit -v, ulimit -d)?";
    if (said("Failed to mark memory page as executable")) /* java's guess, grsecurity, is hardly ever right */
        return "may not make code of what it wrote: is that forbidden (systemd's MemoryDenyWriteExecute=, PR_SET_MDWE, SELinux's execmem)?";
    if (is_short_of_stack())
        return "had not enough room for its stack: is there a limit on it (ulimit -s)?";
    return said("Too many open files") ? "could open too few files: is there a limit on them (ulimit -n)?" : NULL;
}

void tell_of_the_end(void)
{
    const char *limit = limit_met();
    if (limit == NULL)
        pass_on_words();
    complain("the supervisor %s", limit == NULL ? "ended without an answer" : limit);
}
