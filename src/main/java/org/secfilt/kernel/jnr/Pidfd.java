package org.secfilt.kernel.jnr;

import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;

/** Copies of a tracee's descriptors. pidfd_open(2), pidfd_getfd(2): allowed to whoever may ptrace the process. */
final class Pidfd {
    /** O_EXCL: the thread itself, not its process; threads need not share descriptors. Since Linux 6.9. */
    private static final int PIDFD_THREAD = 0200;

    private static final int PIDFD_OPEN = Arch.X86_64.syscalls().nr("pidfd_open");
    private static final int PIDFD_GETFD = Arch.X86_64.syscalls().nr("pidfd_getfd");

    private Pidfd() {}

    /** A close-on-exec copy of the descriptor, or a negative error number. */
    static int copy(Proc proc, int tid, int fd) {
        long pidfd = Libc.SYSCALL.call(PIDFD_OPEN, tid, PIDFD_THREAD, 0, 0, 0);
        if (pidfd == -Errno.EINVAL.number()) {
            pidfd = Libc.SYSCALL.call(PIDFD_OPEN, proc.tgid(tid), 0, 0, 0, 0);
        }
        if (pidfd < 0) {
            return (int) pidfd;
        }
        int copy = (int) Libc.SYSCALL.call(PIDFD_GETFD, pidfd, fd, 0, 0, 0);
        Libc.CLOSE.call(pidfd);
        return copy;
    }
}
