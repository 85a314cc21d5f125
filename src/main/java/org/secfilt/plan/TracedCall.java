package org.secfilt.plan;

/**
 * A system call the filter sends to the tracer, with the cookie it carries; of some it notifies the supervisor first ({@link #notifies}).
 *
 * <p>The cookie is for people and listings. The tracer dispatches on the call's number: a filter that the tracee stacks on top
 * may return RET_TRACE with any cookie, and the newest filter's data wins (seccomp(2)).
 */
public enum TracedCall {
    CONNECT("connect", 1),
    BIND("bind", 2),
    SENDTO("sendto", 3),
    SENDMSG("sendmsg", 4),
    SENDMMSG("sendmmsg", 5),
    /** On a socket that was never bound, it binds to every address and a free port: judged as such a bind. */
    LISTEN("listen", 6),
    /** Of the command's first process: its code may have to be the policy's. */
    EXIT("exit", 7),
    EXIT_GROUP("exit_group", 8),
    /** Of a unix socket, it may bring descriptors: judged when it has. */
    RECVMSG("recvmsg", 9),
    RECVMMSG("recvmmsg", 10),
    /** With WNOHANG, of one child: the tracer first lets go of those that have ended. */
    WAIT4("wait4", 11),
    /** As wait4. */
    WAITID("waitid", 12),
    /** Refused, and told: a command under a tracer cannot have one of its own. */
    PTRACE("ptrace", 13),
    /** Goes on; but from now on what the supervisor may do says nothing about what this one may, and what it makes. */
    LANDLOCK_RESTRICT_SELF("landlock_restrict_self", 14),
    /** Of a raw socket, where packets are judged: it makes packets that other rules are for. */
    SOCKET("socket", 15),
    MMAP("mmap", 16),
    MUNMAP("munmap", 17),
    MREMAP("mremap", 18),
    MPROTECT("mprotect", 19),
    PKEY_MPROTECT("pkey_mprotect", 20),
    MADVISE("madvise", 21),
    SHMAT("shmat", 22),
    REMAP_FILE_PAGES("remap_file_pages", 23),
    /** Of another process: its descriptors, memory or time could be taken from one outside, the supervisor too. */
    PRLIMIT64("prlimit64", 64),
    SCHED_SETAFFINITY("sched_setaffinity", 65),
    SCHED_SETSCHEDULER("sched_setscheduler", 66),
    SCHED_SETPARAM("sched_setparam", 67),
    SCHED_SETATTR("sched_setattr", 68),
    SETPRIORITY("setpriority", 69),
    IOPRIO_SET("ioprio_set", 70);

    private final String syscall;
    private final int cookie;

    TracedCall(String syscall, int cookie) {
        this.syscall = syscall;
        this.cookie = cookie;
    }

    /** The call's name in syscalls(2). */
    public String syscall() {
        return syscall;
    }

    /** SECCOMP_RET_DATA, 16 bits. */
    public int cookie() {
        return cookie;
    }

    /** True for the calls that give a socket an address. */
    public boolean namesAddress() {
        return cookie < EXIT.cookie;
    }

    /**
     * True for the calls that the supervisor is notified of where it can be (seccomp_unotify(2)), and most of which then need not stop. Those of a
     * message header mostly name no address, and then are the tracee's to make.
     */
    public boolean notifies() {
        return cookie <= SENDTO.cookie;
    }

    /** True for the calls that may bring descriptors. */
    public boolean receives() {
        return this == RECVMSG || this == RECVMMSG;
    }

    /** True for the calls that could unmap or replace the vault. */
    public boolean guardsVault() {
        return cookie >= MMAP.cookie && cookie <= REMAP_FILE_PAGES.cookie;
    }

    /** True for the calls that could hamper other processes of a user, the supervisor too, and that no right of the user's forbids. */
    public boolean changesProcesses() {
        return cookie >= PRLIMIT64.cookie;
    }
}
