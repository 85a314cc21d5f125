/* Tries every way to change files that the kernel has, and says what each answered: a line "NAME ok" or "NAME ERRNO-NAME".
 *
 *   write-attempts tree DIR          on DIR, which has a file f, a link l to it, an empty directory d; leaves it as it was
 *   write-attempts never DIR         what is denied everywhere, in a directory that may be written too
 *   write-attempts border IN OUT     from IN, which may be written, to OUT, which has f too
 *   write-attempts inherited FD DIR  by a descriptor that was open before: FD for writing, or DIR as a directory
 *
 * Every attempt begins from the same state. What only root has is left out for others.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_file_setattr
#define SYS_file_setattr 469
#endif

static void say(const char *name, long result)
{
    printf("%s %s\n", name, result >= 0 ? "ok" : strerrorname_np(errno));
    errno = 0;
}

/* Closes what was opened. */
static long opened(int fd)
{
    if (fd >= 0)
        close(fd);
    return fd;
}

static long bound(const char *path)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    strncpy(name.sun_path, path, sizeof name.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    long rc = bind(fd, (struct sockaddr *)&name, sizeof name);
    int error = errno;
    close(fd);
    errno = error;
    return rc;
}

static long flags_set(int fd, int flag)
{
    int flags;
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
        return errno == ENOTTY || errno == EOPNOTSUPP ? 0 : -1; /* a file system without them: nothing to see here */
    flags ^= flag;
    if (ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0)
        return -1;
    flags ^= flag;
    return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static long reopened(int fd, int flags)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return opened(open(path, flags));
}

static long mapped(int fd)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        return -1;
    return munmap(page, 4096);
}

static long handle_opened(const char *path)
{
    struct { struct file_handle head; unsigned char bytes[MAX_HANDLE_SZ]; } handle = { .head = { .handle_bytes = MAX_HANDLE_SZ } };
    int mount;
    if (name_to_handle_at(AT_FDCWD, path, &handle.head, &mount, 0) < 0)
        return errno == EOPNOTSUPP ? (errno = EPERM, -1) : -2;
    int at = open(".", O_RDONLY | O_DIRECTORY);
    long rc = opened(open_by_handle_at(at, &handle.head, O_WRONLY));
    int error = errno;
    close(at);
    errno = error;
    return rc;
}

static void tree(const char *directory)
{
    if (chdir(directory) != 0) {
        perror(directory);
        exit(1);
    }
    uid_t user = getuid();
    gid_t group = getgid();
    struct timespec times[2] = { { 1000, 5 }, { 1000, 5 } };
    struct timeval micros[2] = { { 1000, 5 }, { 1000, 5 } };
    struct utimbuf seconds = { 1000, 1000 };
    int here = open(".", O_RDONLY | O_DIRECTORY);
    int file = open("f", O_RDONLY);
    int path = open("f", O_PATH);
    struct { uint64_t flags, mode, resolve; } how = { O_WRONLY, 0, 0 };

    say("open for writing", opened(open("f", O_WRONLY)));
    say("open for both", opened(open("f", O_RDWR)));
    say("open to append", opened(open("f", O_WRONLY | O_APPEND)));
    say("open through a link", opened(open("l", O_WRONLY)));
    say("openat", opened(openat(here, "f", O_WRONLY)));
    say("openat2", opened((int)syscall(SYS_openat2, here, "f", &how, sizeof how)));
    say("create", opened(open("new", O_CREAT | O_EXCL | O_WRONLY, 0600)));
    unlink("new");
    say("creat", opened(creat("new", 0600)));
    unlink("new");
    say("open a nameless file", opened(open(".", O_TMPFILE | O_WRONLY, 0600)));
    say("truncate what is opened for reading", opened(open("t", O_RDONLY | O_TRUNC)));
    say("truncate", truncate("t", 0));
    say("mkdir", mkdir("new", 0700));
    rmdir("new");
    say("rmdir", rmdir("d"));
    mkdir("d", 0755);
    say("mknod", mknod("new", S_IFREG | 0600, 0));
    unlink("new");
    say("mkfifo", mkfifo("new", 0600));
    unlink("new");
    say("bind", bound("new"));
    unlink("new");
    say("symlink", symlink("f", "new"));
    unlink("new");
    say("link", link("f", "new"));
    unlink("new");
    say("rename", rename("f", "d/f"));
    rename("d/f", "f");
    say("rename in place", rename("f", "g"));
    rename("g", "f");
    say("exchange", (long)renameat2(here, "f", here, "t", RENAME_EXCHANGE));
    renameat2(here, "f", here, "t", RENAME_EXCHANGE);
    say("unlink", unlink("l"));
    (void)!symlink("f", "l");

    say("chmod", chmod("f", 0600));
    chmod("f", 0644);
    say("chmod a directory", chmod("d", 0700));
    chmod("d", 0755);
    say("fchmod", fchmod(file, 0600));
    fchmod(file, 0644);
    say("fchmodat", fchmodat(here, "l", 0600, 0));
    fchmodat(here, "l", 0644, 0);
    say("fchmodat by its own link", fchmodat(here, "f", 0600, AT_SYMLINK_NOFOLLOW));
    fchmodat(here, "f", 0644, AT_SYMLINK_NOFOLLOW);
    say("fchmodat2", syscall(SYS_fchmodat2, path, "", 0600, AT_EMPTY_PATH));
    syscall(SYS_fchmodat2, path, "", 0644, AT_EMPTY_PATH);
    say("chown", chown("f", user, group));
    say("lchown", lchown("l", user, group));
    say("fchown", fchown(file, user, group));
    say("fchownat", fchownat(path, "", user, group, AT_EMPTY_PATH));
    say("utime", syscall(SYS_utime, "f", &seconds));
    say("utimes", syscall(SYS_utimes, "f", micros));
    say("futimesat", syscall(SYS_futimesat, here, "f", micros));
    say("utimensat", utimensat(here, "f", times, 0));
    say("utimensat of a link", utimensat(here, "l", times, AT_SYMLINK_NOFOLLOW));
    say("futimens", futimens(file, times));
    say("futimens to now", futimens(file, NULL));
    say("setxattr", setxattr("f", "user.secfilt", "x", 1, 0));
    say("removexattr", removexattr("f", "user.secfilt"));
    say("fsetxattr", fsetxattr(file, "user.secfilt", "x", 1, 0));
    say("fremovexattr", fremovexattr(file, "user.secfilt"));
    say("lsetxattr", lsetxattr("f", "user.secfilt", "x", 1, 0));
    say("lremovexattr", lremovexattr("f", "user.secfilt"));
    say("reopen by its descriptor", reopened(file, O_WRONLY));
    say("reopen by its path descriptor", reopened(path, O_RDWR));
}

/* What is denied everywhere where files are read-only; in a directory that may be written too. */
static void never(const char *directory)
{
    if (chdir(directory) != 0) {
        perror(directory);
        exit(1);
    }
    int file = open("f", O_RDONLY);
    struct { const void *value; uint32_t size, flags; } attribute = { "x", 1, 0 };
    say("map what is open for reading", mapped(file));
    say("setxattrat", syscall(SYS_setxattrat, AT_FDCWD, "f", 0, "user.secfilt", &attribute, sizeof attribute));
    say("file_setattr", syscall(SYS_file_setattr, AT_FDCWD, "f", "", 0, 0));
    say("change flags", flags_set(file, FS_NODUMP_FL));
    say("io_uring", syscall(SYS_io_uring_setup, 8, (char[256]){ 0 }));
    say("ptrace", ptrace(PTRACE_ATTACH, getppid(), 0, 0));
    say("open by handle", handle_opened("f"));
    say("make a device", mknod("device", S_IFCHR | 0600, 0x103));
    unlink("device");
    say("swapon", swapon("f", 0));
    say("mount", mount("none", "d", "tmpfs", 0, ""));
    say("bind mount", mount(".", "d", NULL, MS_BIND, NULL));
    say("open a file system", syscall(SYS_fsopen, "tmpfs", 0));
    say("clone a mount", syscall(SYS_open_tree, AT_FDCWD, ".", 1));
    char memory[64];
    snprintf(memory, sizeof memory, "/proc/%d/mem", getppid());
    say("memory of the parent", opened(open(memory, O_RDWR)));
    say("memory of its own", opened(open("/proc/self/mem", O_RDWR)));
    say("a setting of the kernel", opened(open("/proc/sys/kernel/core_pattern", O_WRONLY)));
    say("a null device", opened(open("/dev/null", O_WRONLY)));
    fflush(stdout);
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) {
        say("mount in a namespace of its own", mount("none", "d", "tmpfs", 0, ""));
        say("bind mount in a namespace of its own", mount("/", "d", NULL, MS_BIND, NULL));
    }
}

static void border(const char *in, const char *out)
{
    char inside[512], outside[512], link_in[512], path[600];
    snprintf(inside, sizeof inside, "%s/x", in);
    snprintf(outside, sizeof outside, "%s/f", out);
    snprintf(link_in, sizeof link_in, "%s/link", in);
    opened(open(inside, O_CREAT | O_WRONLY, 0600));
    say("a link to outside may be made", symlink(outside, link_in));
    say("open through it", opened(open(link_in, O_WRONLY)));
    say("chmod through it", chmod(link_in, 0600));
    say("utimes through it", utimes(link_in, NULL));
    snprintf(path, sizeof path, "%s/../%s/f", in, strrchr(out, '/') + 1);
    say("chmod by ..", chmod(path, 0600));
    snprintf(path, sizeof path, "%s/taken", in);
    say("move in", rename(outside, path));
    say("link in", link(outside, path));
    snprintf(path, sizeof path, "%s/given", out);
    say("move out", rename(inside, path));
    say("link out", link(inside, path));
    int nameless = open(in, O_TMPFILE | O_RDWR, 0600);
    char descriptor[64];
    snprintf(descriptor, sizeof descriptor, "/proc/self/fd/%d", nameless);
    say("a nameless file inside", nameless);
    say("chmod it", fchmod(nameless, 0644));
    say("link it out", linkat(AT_FDCWD, descriptor, AT_FDCWD, path, AT_SYMLINK_FOLLOW));
    snprintf(path, sizeof path, "%s/named", in);
    say("link it in", linkat(AT_FDCWD, descriptor, AT_FDCWD, path, AT_SYMLINK_FOLLOW));
    int file = open(outside, O_RDONLY);
    snprintf(descriptor, sizeof descriptor, "/proc/self/fd/%d", file);
    say("chmod by /proc/self/fd", chmod(descriptor, 0600));
    snprintf(descriptor, sizeof descriptor, "/dev/fd/%d", file);
    say("chmod by /dev/fd", chmod(descriptor, 0600));
    say("by a prefix of the name", opened(open((snprintf(path, sizeof path, "%sx/f", in), path), O_WRONLY)));
    say("chmod by a prefix of the name", chmod(path, 0600));
    int pipes[2];
    say("a pipe", pipe(pipes));
    say("chmod the pipe", fchmod(pipes[1], 0600));
    say("reopen the pipe", reopened(pipes[1], O_WRONLY));
    int memory = memfd_create("x", 0);
    say("a memfd", ftruncate(memory, 10));
    say("chmod the memfd", fchmod(memory, 0600));
}

static void inherited(int fd, const char *directory)
{
    say("write to it", write(fd, "hi\n", 3));
    say("chmod it", fchmod(fd, 0600));
    say("reopen it", reopened(fd, O_WRONLY));
    int at = open(directory, O_RDONLY | O_DIRECTORY);
    say("create by a directory", opened(openat(at, "new", O_CREAT | O_WRONLY, 0600)));
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 3 && strcmp(argv[1], "tree") == 0)
        tree(argv[2]);
    else if (argc == 3 && strcmp(argv[1], "never") == 0)
        never(argv[2]);
    else if (argc == 4 && strcmp(argv[1], "border") == 0)
        border(argv[2], argv[3]);
    else if (argc == 4 && strcmp(argv[1], "inherited") == 0)
        inherited(atoi(argv[2]), argv[3]);
    else
        return 2;
    return 0;
}
