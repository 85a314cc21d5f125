package org.secfilt.kernel.jnr;

import org.secfilt.abi.Arch;

/** The leases on the files that we run, which the stub took before it became us: native-stubs/hold.c. fcntl(2) "Leases" */
final class Leases {
    // linux/fcntl.h
    private static final int F_GETLEASE = 1025;
    private static final int F_SETOWN_EX = 15;
    private static final int F_OWNER_TID = 0;
    private static final int F_RDLCK = 0;
    private static final int OWNER_BYTES = 8; // struct f_owner_ex: the kind and the number, int each

    private static final int SIGIO = 29;
    private static final int SIG_BLOCK = 0;
    private static final int SET_BYTES = 8;
    private static final int FIRST = 4; // above the stub's socket
    /** They were opened first; above are others' descriptors. */
    private static final int END = 128;

    private static final int GETTID = Arch.X86_64.syscalls().nr("gettid");
    private static final int RT_SIGPROCMASK = Arch.X86_64.syscalls().nr("rt_sigprocmask");
    private static final int RT_SIGTIMEDWAIT = Arch.X86_64.syscalls().nr("rt_sigtimedwait");

    /** The virtual machine waits 300 ms, at its end, for threads that are in the kernel. Who wants to write waits for us, so looks do. */
    private static final int LOOK_MILLIS = 200;

    private final long signals = NativeMemory.allocate(SET_BYTES);
    /** A struct timespec: no time at all. */
    private final long now = NativeMemory.allocate(2 * Long.BYTES);

    /** Until then the signal goes to the process, which dies of it. */
    void watch() {
        NativeMemory.IO.putLong(signals, 1L << SIGIO - 1);
        Libc.SYSCALL.call(RT_SIGPROCMASK, SIG_BLOCK, signals, 0, SET_BYTES, 0);
        long owner = NativeMemory.allocate(OWNER_BYTES);
        NativeMemory.IO.putInt(owner, F_OWNER_TID);
        NativeMemory.IO.putInt(owner + Integer.BYTES, (int) Libc.SYSCALL.call(GETTID, 0, 0, 0, 0, 0));
        for (int fd = FIRST; fd < END; fd++) {
            if (Libc.FCNTL.call(fd, F_GETLEASE, 0) == F_RDLCK) {
                Libc.FCNTL.call(fd, F_SETOWN_EX, owner);
            }
        }
    }

    /** By the thread that watches. */
    void await() {
        while (Libc.SYSCALL.call(RT_SIGTIMEDWAIT, signals, 0, now, SET_BYTES, 0) != SIGIO) {
            try {
                Thread.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e); // nobody does
            }
        }
    }
}
