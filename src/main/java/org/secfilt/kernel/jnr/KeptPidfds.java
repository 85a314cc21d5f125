package org.secfilt.kernel.jnr;

import java.util.Arrays;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;

/**
 * The pidfds of threads whose descriptors were copied lately: mostly the next copy is of one of theirs, and opening and closing a pidfd
 * costs as much as three copies. Each stands for its thread alone: once another has the number, it is of no use (ESRCH), and a new one is
 * opened. One thread only.
 *
 * <p>Before Linux 6.9, where a pidfd is a process's, none is kept: a thread may part from its process's descriptors (unshare(2)
 * CLONE_FILES), and what was open to it by the process is not any more.
 */
final class KeptPidfds {
    /** A power of two. */
    private static final int MOST = 128;
    /** Where fewer descriptors may be open than this, others need them more. */
    private static final long PLENTY = 1024;
    private static final int NONE = -1;

    private static final int PRLIMIT64 = Arch.X86_64.syscalls().nr("prlimit64");
    private static final int RLIMIT_NOFILE = 7; // asm-generic/resource.h
    private static final int RLIMIT_BYTES = 16; // struct rlimit64: soft, hard

    private final Proc proc;
    /** Both by the last bits of the thread's number. */
    private int[] threads = {};
    private int[] pidfds = {};

    KeptPidfds(Proc proc) {
        this.proc = proc;
    }

    /** As {@link Pidfd#copy}. */
    int copy(int tid, int fd) {
        if (pidfds.length == 0) {
            pidfds = new int[mayKeep()];
            threads = new int[pidfds.length];
            Arrays.fill(pidfds, NONE);
        }
        int at = tid & pidfds.length - 1;
        if (pidfds[at] >= 0 && threads[at] == tid) {
            int copy = Pidfd.get(pidfds[at], fd);
            if (copy != -Errno.ESRCH.number()) {
                return copy;
            }
        }
        if (pidfds[at] >= 0) {
            Libc.CLOSE.call(pidfds[at]);
        }
        int pidfd = Pidfd.openThread(tid);
        pidfds[at] = Math.max(pidfd, NONE);
        threads[at] = tid;
        return pidfd == -Errno.EINVAL.number() ? Pidfd.copy(proc, tid, fd) : pidfd < 0 ? pidfd : Pidfd.get(pidfd, fd);
    }

    private static int mayKeep() {
        long limit = NativeMemory.allocate(RLIMIT_BYTES);
        return Libc.SYSCALL.call(PRLIMIT64, 0, RLIMIT_NOFILE, 0, limit, 0) == 0
                        && Long.compareUnsigned(NativeMemory.IO.getLong(limit), PLENTY) >= 0
                ? MOST
                : 1;
    }
}
