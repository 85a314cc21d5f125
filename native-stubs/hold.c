/* Nobody writes to the files that the supervisor runs while it does: it reads them as it goes, and a command of the same user may have the
 * right to. A lease on a file (fcntl(2) "Leases") has whoever opens it for writing wait, and tells its holder by SIGIO: the supervisor dies
 * of that, unless it has something to say first, and with it all that it supervises. What was open for writing before is refused. */
#include "stub.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* Descriptors that a java and our own work take at the least, and those that stay open here. */
enum { FEWEST_DESCRIPTORS = 256 };

/* A run that was killed for writing may not be gone altogether: half a second for those who are just closing a file. */
enum { TRIES = 25, PAUSE_NANOS = 20 * 1000 * 1000 };

/* A server that gives no leases of its own: the client says the same as of a file that is open for writing. */
static bool answers_for_others(int file)
{
    enum { NFS = 0x6969, CIFS = 0xff534d42, SMB2 = 0xfe534d42 }; /* linux/magic.h */
    struct statfs answer;
    if (fstatfs(file, &answer) < 0)
        return true;
    unsigned type = (unsigned)answer.f_type;
    return type == NFS || type == (unsigned)CIFS || type == (unsigned)SMB2;
}

/* False after a complaint. The descriptor stays open, and goes on to the java. */
static bool hold_file(int directory, const char *path, const char *name)
{
    int file = openat(directory, name, O_RDONLY | O_NONBLOCK);
    if (file < 0)
        return true;
    bool changing;
    for (int left = TRIES;; left--) {
        if (fcntl(file, F_SETLEASE, F_RDLCK) == 0)
            return true;
        changing = errno == EAGAIN && !answers_for_others(file);
        if (!changing || left == 0)
            break;
        nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NANOS }, NULL);
    }
    close(file); /* of another owner, or on a file system without leases */
    if (changing)
        complain("%s/%s is open for writing: the supervisor would run what may change meanwhile. Nothing was run", path, name);
    return !changing;
}

/* All files there with this ending. */
static bool hold_files(const char *path, const char *ending)
{
    DIR *files = opendir(path);
    bool held = true;
    for (struct dirent *entry; files != NULL && held && (entry = readdir(files)) != NULL;) {
        size_t length = strlen(entry->d_name), end = strlen(ending);
        if (length > end && strcmp(entry->d_name + length - end, ending) == 0)
            held = hold_file(dirfd(files), path, entry->d_name);
    }
    if (files != NULL)
        closedir(files);
    return held;
}

bool hold_what_runs(const char *java)
{
    char home[PATH_MAX], path[PATH_MAX + sizeof "/lib/server"];
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < FEWEST_DESCRIPTORS)
        return true;
    if (getcwd(path, PATH_MAX) == NULL)
        strcpy(path, "."); /* to be named in a complaint alone */
    if (!hold_files(path, ".jsa") || !hold_files(path, ".jar") || !hold_files(path, ".so"))
        return false;
    if (realpath(java, home) == NULL)
        return true;
    for (int up = 0; up < 2; up++) { /* the program's name, then bin */
        char *slash = strrchr(home, '/');
        if (slash != NULL)
            *slash = '\0';
    }
    strcat(strcpy(path, home), "/lib");
    if (!hold_files(path, ".so") || !hold_files(path, "modules"))
        return false;
    strcat(path, "/server");
    return hold_files(path, ".so");
}
