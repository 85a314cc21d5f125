package org.secfilt.kernel.jnr;

import org.secfilt.abi.Arch;

/**
 * A limit to how long a call of this thread may wait in the kernel: after {@link #MILLIS} a signal interrupts it (EINTR), and again until
 * {@link #end}. For calls that do not wait by themselves, and that a tracee can make wait: O_NONBLOCK is anyone's who has the socket, and
 * so is SO_LINGER. timer_create(2) "SIGEV_THREAD_ID". One thread only.
 */
final class Patience {
    /** Longer than any call that does not wait, but on a machine that has no time for us; then it is interrupted for nothing. */
    static final int MILLIS = 10;

    /** A real-time signal that neither the C library nor the virtual machine has a use for. */
    private static final int SIGNAL = 59;
    /** Any function that takes an int and does nothing will do for a handler. It restarts nothing: SA_RESTART is not set. */
    private static final Libc HANDLER = Libc.ABS;

    private static final int CLOCK_MONOTONIC = 1; // linux/time.h
    // asm-generic/siginfo.h struct sigevent: value, signo, notify, tid
    private static final int SIGEV_SIGNO = 8;
    private static final int SIGEV_NOTIFY = 12;
    private static final int SIGEV_TID = 16;
    private static final int SIGEV_BYTES = 64;
    private static final int SIGEV_THREAD_ID = 4;
    // struct itimerspec: interval, value; a struct timespec each
    private static final int INTERVAL_NANOS = 8;
    private static final int VALUE_NANOS = 24;
    private static final int ITIMERSPEC_BYTES = 32;
    private static final int SIGACTION_BYTES = 152; // of the C library
    private static final long MILLI_NANOS = 1_000_000;

    private static final int GETTID = Arch.X86_64.syscalls().nr("gettid");
    private static final int TIMER_CREATE = Arch.X86_64.syscalls().nr("timer_create");
    private static final int TIMER_SETTIME = Arch.X86_64.syscalls().nr("timer_settime");

    private static final int NOT_YET = -1;
    private static final int NEVER = -2;

    private int timer = NOT_YET;
    private long on;
    private long off;

    /** @return false if the waits of this thread cannot be ended: nothing may be called that could wait */
    boolean begin() {
        if (timer == NOT_YET) {
            timer = create();
        }
        return timer >= 0 && Libc.SYSCALL.call(TIMER_SETTIME, timer, 0, on, 0, 0) == 0;
    }

    void end() {
        if (timer >= 0) {
            Libc.SYSCALL.call(TIMER_SETTIME, timer, 0, off, 0, 0);
        }
    }

    private int create() {
        long action = NativeMemory.allocate(SIGACTION_BYTES);
        NativeMemory.IO.putLong(action, HANDLER.address());
        on = NativeMemory.allocate(ITIMERSPEC_BYTES);
        NativeMemory.IO.putLong(on + INTERVAL_NANOS, MILLIS * MILLI_NANOS);
        NativeMemory.IO.putLong(on + VALUE_NANOS, MILLIS * MILLI_NANOS);
        off = NativeMemory.allocate(ITIMERSPEC_BYTES);
        long event = NativeMemory.allocate(SIGEV_BYTES);
        NativeMemory.IO.putInt(event + SIGEV_SIGNO, SIGNAL);
        NativeMemory.IO.putInt(event + SIGEV_NOTIFY, SIGEV_THREAD_ID);
        NativeMemory.IO.putInt(event + SIGEV_TID, (int) Libc.SYSCALL.call(GETTID, 0, 0, 0, 0, 0));
        long number = NativeMemory.allocate(Integer.BYTES);
        boolean made = Libc.SIGACTION.call(SIGNAL, action, 0) == 0
                && Libc.SYSCALL.call(TIMER_CREATE, CLOCK_MONOTONIC, event, number, 0, 0) == 0;
        return made ? NativeMemory.IO.getInt(number) : NEVER; // EAGAIN: the user's limit of pending signals is 0
    }
}
