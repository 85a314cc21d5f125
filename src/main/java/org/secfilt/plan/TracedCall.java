package org.secfilt.plan;

/**
 * A system call the filter sends to the tracer, with the cookie it carries; of some it notifies the supervisor first ({@link #notifies}).
 *
 * <p>The cookie is for people and listings. The tracer dispatches on the call's number: a filter that the tracee stacks on top
 * may return RET_TRACE with any cookie, and the newest filter's data wins (seccomp(2)).
 */
public enum TracedCall {
    CONNECT("connect", 1, Kind.NOTIFIED),
    BIND("bind", 2, Kind.NOTIFIED),
    SENDTO("sendto", 3, Kind.NOTIFIED),
    SENDMSG("sendmsg", 4, Kind.ADDRESS),
    SENDMMSG("sendmmsg", 5, Kind.ADDRESS),
    /** On a socket that was never bound, it binds to every address and a free port: judged as such a bind. */
    LISTEN("listen", 6, Kind.ADDRESS),
    /** Of the command's first process: its code may have to be the policy's. */
    EXIT("exit", 7, Kind.ONE),
    EXIT_GROUP("exit_group", 8, Kind.ONE),
    /** Of a unix socket, it may bring descriptors: judged when it has. */
    RECVMSG("recvmsg", 9, Kind.RECEIVES),
    RECVMMSG("recvmmsg", 10, Kind.RECEIVES),
    /** With WNOHANG, of one child: the tracer first lets go of those that have ended. */
    WAIT4("wait4", 11, Kind.ONE),
    /** As wait4. */
    WAITID("waitid", 12, Kind.ONE),
    /** Refused, and told: a command under a tracer cannot have one of its own. */
    PTRACE("ptrace", 13, Kind.ONE),
    /** Goes on; but from now on what the supervisor may do says nothing about what this one may, and what it makes. */
    LANDLOCK_RESTRICT_SELF("landlock_restrict_self", 14, Kind.ONE),
    /** Of one that may not be made, which is told; and of a raw one, where packets are judged: it makes packets that other rules are for. */
    SOCKET("socket", 15, Kind.ONE),
    /** Of an option that may not be set, which is told. */
    SETSOCKOPT("setsockopt", 24, Kind.ONE),
    MMAP("mmap", 16, Kind.VAULT),
    MUNMAP("munmap", 17, Kind.VAULT),
    MREMAP("mremap", 18, Kind.VAULT),
    MPROTECT("mprotect", 19, Kind.VAULT),
    PKEY_MPROTECT("pkey_mprotect", 20, Kind.VAULT),
    MADVISE("madvise", 21, Kind.VAULT),
    SHMAT("shmat", 22, Kind.VAULT),
    REMAP_FILE_PAGES("remap_file_pages", 23, Kind.VAULT),
    /** Of another process: its descriptors, memory or time could be taken from one outside, the supervisor too. */
    PRLIMIT64("prlimit64", 64, Kind.PROCESSES),
    SCHED_SETAFFINITY("sched_setaffinity", 65, Kind.PROCESSES),
    SCHED_SETSCHEDULER("sched_setscheduler", 66, Kind.PROCESSES),
    SCHED_SETPARAM("sched_setparam", 67, Kind.PROCESSES),
    SCHED_SETATTR("sched_setattr", 68, Kind.PROCESSES),
    SETPRIORITY("setpriority", 69, Kind.PROCESSES),
    IOPRIO_SET("ioprio_set", 70, Kind.PROCESSES),
    /** Likewise, or of all: who may sample a process sees its stack, and may have it signalled. */
    PERF_EVENT_OPEN("perf_event_open", 79, Kind.PROCESSES),
    /** It may be for processes outside of the run, where Landlock scopes no signals. */
    KILL("kill", 71, Kind.SIGNALS),
    TKILL("tkill", 72, Kind.SIGNALS),
    TGKILL("tgkill", 73, Kind.SIGNALS),
    RT_SIGQUEUEINFO("rt_sigqueueinfo", 74, Kind.SIGNALS),
    RT_TGSIGQUEUEINFO("rt_tgsigqueueinfo", 75, Kind.SIGNALS),
    PIDFD_SEND_SIGNAL("pidfd_send_signal", 76, Kind.SIGNALS),
    /** Of one that says whom a file signals: it may be processes outside of the run, where Landlock scopes no signals. */
    FCNTL("fcntl", 77, Kind.OWNERS),
    /** Likewise. */
    IOCTL("ioctl", 78, Kind.OWNERS);

    private enum Kind {
        /** Gives a socket an address, and is notified. */
        NOTIFIED,
        /** Gives a socket an address. */
        ADDRESS,
        RECEIVES,
        VAULT,
        PROCESSES,
        SIGNALS,
        OWNERS,
        /** The only one of its kind, or nearly. */
        ONE
    }

    private final String syscall;
    private final int cookie;
    private final Kind kind;

    TracedCall(String syscall, int cookie, Kind kind) {
        this.syscall = syscall;
        this.cookie = cookie;
        this.kind = kind;
    }

    /** The call's name in syscalls(2). */
    public String syscall() {
        return syscall;
    }

    /** SECCOMP_RET_DATA, 16 bits. */
    public int cookie() {
        return cookie;
    }

    /** True for the calls that give a socket an address, or a packet: listen(2) may. */
    public boolean namesAddress() {
        return kind == Kind.NOTIFIED || kind == Kind.ADDRESS;
    }

    /**
     * True for the calls that the supervisor is notified of where it can be (seccomp_unotify(2)), and most of which then need not stop. Those of a
     * message header mostly name no address, and then are the tracee's to make.
     */
    public boolean notifies() {
        return kind == Kind.NOTIFIED;
    }

    /** True for the calls that may bring descriptors. */
    public boolean receives() {
        return kind == Kind.RECEIVES;
    }

    /** True for the calls that could unmap or replace the vault. */
    public boolean guardsVault() {
        return kind == Kind.VAULT;
    }

    /** True for the calls that could hamper other processes of a user, the supervisor too, and that no right of the user's forbids. */
    public boolean changesProcesses() {
        return kind == Kind.PROCESSES || kind == Kind.SIGNALS || kind == Kind.OWNERS;
    }

    /** True for those of them that send a signal. */
    public boolean signals() {
        return kind == Kind.SIGNALS;
    }

    /** True for those that say whom a file signals. */
    public boolean setsOwner() {
        return kind == Kind.OWNERS;
    }
}
