package org.secfilt.kernel.jnr;

import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Leases;

/** Leases that the stub took before it became us: native-stubs/hold.c. */
final class JnrLeases implements Leases {
    // linux/fcntl.h
    private static final int F_GETLEASE = 1025;
    private static final int F_SETOWN_EX = 15;
    private static final int F_OWNER_TID = 0;
    private static final int F_RDLCK = 0;
    private static final int F_SETFD = 2;
    private static final int FD_CLOEXEC = 1;
    private static final int OWNER_BYTES = 8; // struct f_owner_ex: the kind and the number, int each

    private static final int SIGIO = 29;
    private static final int SIG_BLOCK = 0;
    private static final int SET_BYTES = 8;
    private static final int TIMESPEC_BYTES = 16;
    private static final int FIRST = 4; // above the stub's socket
    /** They were opened first; above are others' descriptors. */
    private static final int END = 128;

    private static final int GETTID = Arch.X86_64.syscalls().nr("gettid");
    private static final int RT_SIGPROCMASK = Arch.X86_64.syscalls().nr("rt_sigprocmask");
    private static final int RT_SIGTIMEDWAIT = Arch.X86_64.syscalls().nr("rt_sigtimedwait");

    private static final int TGKILL = Arch.X86_64.syscalls().nr("tgkill");

    private final long signals = NativeMemory.allocate(SET_BYTES);
    private volatile int watcher;
    private volatile boolean ended;

    /** A program that is started from here is not to have them. */
    static void keep() {
        for (int fd = FIRST; fd < END; fd++) {
            if (Libc.FCNTL.call(fd, F_GETLEASE, 0) == F_RDLCK) {
                Libc.FCNTL.call(fd, F_SETFD, FD_CLOEXEC);
            }
        }
    }

    /** Until then the signal goes to the process, which dies of it; and so it stays where nobody may wait for one (rt_sigtimedwait(2) is refused). */
    @Override
    public void watch() {
        NativeMemory.IO.putLong(signals, 1L << SIGIO - 1);
        long atOnce = NativeMemory.allocate(TIMESPEC_BYTES);
        if (Libc.SYSCALL.call(RT_SIGTIMEDWAIT, signals, 0, atOnce, SET_BYTES, 0) != -Errno.EAGAIN.number()) {
            return;
        }
        Libc.SYSCALL.call(RT_SIGPROCMASK, SIG_BLOCK, signals, 0, SET_BYTES, 0);
        long owner = NativeMemory.allocate(OWNER_BYTES);
        NativeMemory.IO.putInt(owner, F_OWNER_TID);
        int tid = (int) Libc.SYSCALL.call(GETTID, 0, 0, 0, 0, 0);
        NativeMemory.IO.putInt(owner + Integer.BYTES, tid);
        for (int fd = FIRST; fd < END; fd++) {
            if (Libc.FCNTL.call(fd, F_GETLEASE, 0) == F_RDLCK) {
                Libc.FCNTL.call(fd, F_SETOWN_EX, owner);
            }
        }
        watcher = tid;
    }

    @Override
    public boolean await() {
        if (watcher == 0) {
            return false;
        }
        long rc;
        do {
            rc = Libc.SYSCALL.call(RT_SIGTIMEDWAIT, signals, 0, 0, SET_BYTES, 0);
        } while (rc == -Errno.EINTR.number());
        return !ended;
    }

    /** The virtual machine waits 300 ms, at its end, for threads that are in the kernel. */
    @Override
    public void end() {
        if (watcher != 0) {
            ended = true;
            Libc.SYSCALL.call(TGKILL, OwnProcess.PID, watcher, SIGIO, 0, 0);
        }
    }
}
