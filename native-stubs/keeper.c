/* The keeper: a process that does nothing but keep the files that judged paths of unix sockets led to. Who may look at its descriptors
 * comes to the very file by /proc/PID/fd/N, whatever has become of the path meanwhile; and that is whoever is of its user and its Landlock
 * domain, so it is born here, of the stub, when the stub has both.
 *
 * The supervisor sends it a file, by SCM_RIGHTS, and the number to keep it at:
 *
 *   keep or drop: u32 number, u32 turn      with a file, or without: then nothing is kept there any more, and there is no answer
 *   answer:       u32 turn, u32 errno
 *
 * The command may be able to write to its memory. It gains nothing: the filter leaves it what it does here, and all files that it ever gets
 * are such as the command may reach. The supervisor traces it: so its number is nobody else's before the supervisor has seen it end, and has killed
 * all who may be about to look at /proc/PID/fd. It ends when the supervisor has closed the socket, or is dead.
 */
#include "stub.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAME "secfilt-keeper"

/* Its socket's number. */
enum { SOCKET = 0 };

#if defined __x86_64__
enum { OWN_ARCH = AUDIT_ARCH_X86_64 };
#else
enum { OWN_ARCH = AUDIT_ARCH_AARCH64 };
#endif

struct request { uint32_t number, turn; };
struct answer { uint32_t turn, error; };
union control { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr aligned; };

/* What is in ps(1) is no second command. The arguments lie one behind the other, execve(2) laid them so. */
static void forget_arguments(char **argv)
{
    char *end = argv[0];
    for (char **argument = argv; *argument != NULL; argument++)
        if (*argument == end)
            end += strlen(end) + 1;
    memset(argv[0], 0, (size_t)(end - argv[0]));
    strncpy(argv[0], NAME, (size_t)(end - argv[0]) - 1);
    prctl(PR_SET_NAME, NAME, 0, 0, 0);
}

/* One user and no capabilities, so that every process of that user may look at it, whatever of its own it has dropped. */
static bool become_plain(void)
{
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct none[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
    return syscall(SYS_setresgid, getegid(), getegid(), getegid()) == 0 && syscall(SYS_setresuid, geteuid(), geteuid(), geteuid()) == 0
            && syscall(SYS_capset, &header, none) == 0 && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

/* Nothing but what serve() does. */
static bool filter_all(void)
{
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 0, 6),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_recvmsg, 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_dup3, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = { sizeof instructions / sizeof *instructions, instructions };
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

static _Noreturn void serve(void)
{
    for (;;) {
        struct request request;
        union control control;
        struct iovec piece = { &request, sizeof request };
        struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes };
        if (recvmsg(SOCKET, &message, 0) != sizeof request)
            _exit(0);
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        if (rights == NULL && (message.msg_flags & MSG_CTRUNC) == 0) {
            close((int)request.number);
            continue;
        }
        struct answer answer = { request.turn, 0 };
        int file = -1;
        if (rights == NULL) {
            answer.error = EMFILE;
        } else {
            memcpy(&file, CMSG_DATA(rights), sizeof file);
            if (file != (int)request.number) {
                if (dup3(file, (int)request.number, 0) < 0)
                    answer.error = (uint32_t)errno;
                close(file);
            }
        }
        if (write(SOCKET, &answer, sizeof answer) < 0)
            _exit(0);
    }
}

static _Noreturn void keep(int socket, char **argv, pid_t supervisor)
{
    struct rlimit descriptors;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    setsid();
    if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
        descriptors.rlim_cur = descriptors.rlim_max;
        setrlimit(RLIMIT_NOFILE, &descriptors);
    }
    forget_arguments(argv);
    prctl(PR_SET_PTRACER, supervisor, 0, 0, 0); /* it fails where there is no Yama, and nothing is lost */
    /* What cannot be had shows in that the supervisor gets no first answer. */
    if (chdir("/") != 0 || dup2(socket, SOCKET) < 0 || syscall(SYS_close_range, SOCKET + 1, ~0U, 0) != 0 || !become_plain() || !filter_all())
        _exit(OWN_FAILURE);
    struct answer born = { 0, 0 };
    if (write(SOCKET, &born, sizeof born) < 0)
        _exit(OWN_FAILURE);
    serve();
}

int make_keeper(char **argv, pid_t supervisor, int *socket)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return -errno;
    pid_t keeper = make_orphan(CLONE_UNTRACED); /* the supervisor traces us by now */
    if (keeper == 0)
        keep(ends[1], argv, supervisor);
    close(ends[1]);
    if (keeper < 0)
        close(ends[0]);
    *socket = ends[0];
    return keeper;
}
