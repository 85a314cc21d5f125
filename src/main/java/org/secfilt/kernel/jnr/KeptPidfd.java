package org.secfilt.kernel.jnr;

import org.secfilt.abi.Errno;

/**
 * The pidfd of the thread whose descriptors were copied last: mostly the next copy is of the same one's, and opening and closing a pidfd
 * costs as much as three copies. It stands for that thread alone: once another has its number, it is of no use (ESRCH), and a new one is
 * opened. One thread only.
 *
 * <p>Before Linux 6.9, where a pidfd is a process's, none is kept: a thread may part from its process's descriptors (unshare(2)
 * CLONE_FILES), and what was open to it by the process is not any more.
 */
final class KeptPidfd {
    private final Proc proc;
    private int pidfd = -1;
    private int kept;

    KeptPidfd(Proc proc) {
        this.proc = proc;
    }

    /** As {@link Pidfd#copy}. */
    int copy(int tid, int fd) {
        if (pidfd >= 0 && kept == tid) {
            int copy = Pidfd.get(pidfd, fd);
            if (copy != -Errno.ESRCH.number()) {
                return copy;
            }
        }
        if (pidfd >= 0) {
            Libc.CLOSE.call(pidfd);
        }
        pidfd = Pidfd.openThread(tid);
        kept = tid;
        return pidfd == -Errno.EINVAL.number() ? Pidfd.copy(proc, tid, fd) : pidfd < 0 ? pidfd : Pidfd.get(pidfd, fd);
    }
}
