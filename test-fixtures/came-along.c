/* Leaves its cgroup by a descriptor that was open when the sandbox began: came-along KIND open PROGRAM [ARG...]
 *
 * KIND is "fscontext" (fsopen(2) of cgroup2: a mount is made of it inside) or "fanotify" (a directory in the mounts outside is got from
 * it). It puts the descriptor at 17 and becomes the program; "came-along KIND use" is to be the last of those.
 *
 * stdout of "use": each call, ok or its error; then whether the cgroup is another now.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CAME = 17 };

static long told(const char *call, long rc)
{
    printf("%s %s\n", call, rc < 0 ? strerrorname_np(errno) : "ok");
    return rc;
}

static void cgroup(char *into, size_t size)
{
    FILE *file = fopen("/proc/self/cgroup", "r");
    into[0] = '\0';
    for (char line[512]; file != NULL && fgets(line, sizeof line, file) != NULL;)
        if (strncmp(line, "0::", 3) == 0)
            snprintf(into, size, "%s", line);
    if (file != NULL)
        fclose(file);
}

static void mount_it(void)
{
    told("fsconfig", syscall(SYS_fsconfig, CAME, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
    int mount = (int)told("fsmount", syscall(SYS_fsmount, CAME, 0, 0));
    int processes = mount < 0 ? -1 : openat(mount, "cgroup.procs", O_WRONLY);
    if (processes >= 0)
        told("enter", dprintf(processes, "%d", getpid()) > 0 ? 0 : -1);
}

int main(int argc, char **argv)
{
    char before[512], after[512];
    int context = argc > 1 && strcmp(argv[1], "fscontext") == 0;
    if (argc > 3) {
        long made = context ? syscall(SYS_fsopen, "cgroup2", 0) : fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);
        if (made < 0 || dup2((int)made, CAME) < 0)
            return 2;
        execv(argv[3], argv + 3);
        return 2;
    }
    if (argc != 3)
        return 2;
    cgroup(before, sizeof before);
    if (context)
        mount_it();
    else
        told("fanotify_mark", fanotify_mark(CAME, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN, AT_FDCWD, "/"));
    cgroup(after, sizeof after);
    puts(strcmp(before, after) == 0 ? "stayed" : "left");
    return 0;
}
