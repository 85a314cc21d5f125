package org.secfilt.kernel.jnr;

import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.KernelException;

/** Copies of a tracee's descriptors. pidfd_open(2), pidfd_getfd(2): allowed to whoever may ptrace the process. */
final class Pidfd {
    /** O_EXCL: the thread itself, not its process; threads need not share descriptors. Since Linux 6.9. */
    private static final int PIDFD_THREAD = 0200;

    private static final int KCMP = Arch.X86_64.syscalls().nr("kcmp");
    private static final int KCMP_FILES = 2; // linux/kcmp.h
    private static final int PIDFD_OPEN = Arch.X86_64.syscalls().nr("pidfd_open");
    private static final int PIDFD_GETFD = Arch.X86_64.syscalls().nr("pidfd_getfd");

    private Pidfd() {}

    /** A close-on-exec copy of the descriptor, or a negative error number. */
    static int copy(Proc proc, int tid, int fd) {
        int pidfd = open(proc, tid);
        if (pidfd < 0) {
            return pidfd;
        }
        int copy = get(pidfd, fd);
        Libc.CLOSE.call(pidfd);
        return copy;
    }

    /** As {@link #copy}. @throws KernelException if there is none */
    static int mustCopy(Proc proc, int tid, int fd) {
        int copy = copy(proc, tid, fd);
        String call = "pidfd_getfd(" + tid + ", " + fd + ")";
        if (copy == -Errno.EPERM.number()) {
            throw new KernelException(call, -copy, "another user's process (--user) takes CAP_SYS_PTRACE (Docker: --cap-add=SYS_PTRACE)");
        }
        return (int) Libc.must(call, copy);
    }

    /** A pidfd of the thread alone; EINVAL where the kernel has none such. */
    static int openThread(int tid) {
        return (int) Libc.SYSCALL.call(PIDFD_OPEN, tid, PIDFD_THREAD, 0, 0, 0);
    }

    /** A pidfd of the thread, or of its process where they share descriptors, or a negative error number. */
    private static int open(Proc proc, int tid) {
        int pidfd = openThread(tid);
        if (pidfd != -Errno.EINVAL.number()) {
            return pidfd;
        }
        int process = proc.tgid(tid);
        return tid == process || shareTable(tid, process)
                ? (int) Libc.SYSCALL.call(PIDFD_OPEN, process, 0, 0, 0, 0)
                : pidfd;
    }

    /** Whether two threads have one table of descriptors; false if that cannot be told. kcmp(2) */
    static boolean shareTable(int tid, int other) {
        return Libc.SYSCALL.call(KCMP, tid, other, KCMP_FILES, 0, 0) == 0;
    }

    /** As {@link #copy}; ESRCH of a thread that is gone. */
    static int get(int pidfd, int fd) {
        return (int) Libc.SYSCALL.call(PIDFD_GETFD, pidfd, fd, 0, 0, 0);
    }
}
