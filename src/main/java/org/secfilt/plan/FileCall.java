package org.secfilt.plan;

/**
 * A system call that changes a file past Landlock: its mode, owner, times or attributes. Where files are read-only the filter sends
 * it to the tracer, which looks at the file and makes the change in the caller's place. The cookie is for people and listings, see
 * {@link TracedCall}.
 */
public enum FileCall {
    CHMOD("chmod", 32),
    FCHMOD("fchmod", 33),
    FCHMODAT("fchmodat", 34),
    FCHMODAT2("fchmodat2", 35),
    CHOWN("chown", 36),
    LCHOWN("lchown", 37),
    FCHOWN("fchown", 38),
    FCHOWNAT("fchownat", 39),
    UTIME("utime", 40),
    UTIMES("utimes", 41),
    FUTIMESAT("futimesat", 42),
    UTIMENSAT("utimensat", 43),
    SETXATTR("setxattr", 44),
    LSETXATTR("lsetxattr", 45),
    FSETXATTR("fsetxattr", 46),
    REMOVEXATTR("removexattr", 47),
    LREMOVEXATTR("lremovexattr", 48),
    FREMOVEXATTR("fremovexattr", 49),
    /** Landlock sees it from ABI 3 on. */
    TRUNCATE("truncate", 50);

    private final String syscall;
    private final int cookie;

    FileCall(String syscall, int cookie) {
        this.syscall = syscall;
        this.cookie = cookie;
    }

    /** The call's name in syscalls(2); AArch64 lacks some. */
    public String syscall() {
        return syscall;
    }

    /** SECCOMP_RET_DATA, 16 bits. */
    public int cookie() {
        return cookie;
    }
}
