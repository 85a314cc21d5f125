package org.secfilt.kernel.jnr;

import java.util.concurrent.locks.LockSupport;
import org.secfilt.abi.Arch;

/**
 * A limit to how long a call of this thread may wait in the kernel: after {@link #MILLIS} at most a signal interrupts it (EINTR), and again
 * until {@link #end}. For calls that do not wait by themselves, and that a tracee can make wait: O_NONBLOCK is anyone's who has the socket,
 * and so is SO_LINGER. One thread only.
 *
 * <p>Another thread keeps the time: a timer would cost two system calls each time.
 */
final class Patience {
    static final int MILLIS = 50;

    /**
     * SIGSTKFLT, which nobody has a use for: neither the kernel nor the virtual machine. No real-time signal, which cannot be sent where the user
     * has as many waiting as RLIMIT_SIGPENDING allows, the command's own among them.
     */
    static final int SIGNAL = 16;
    /** Any function that takes an int and does nothing will do for a handler. It restarts nothing: SA_RESTART is not set. */
    private static final Libc HANDLER = Libc.ABS;

    private static final int SIGACTION_BYTES = 152; // of the C library
    /**
     * A call that is there at two looks has waited for one of these, and for two at most: longer than any call that does not wait, but on a
     * machine that has no time for us; then it is interrupted for nothing. More looks would cost: whoever wakes up on the tracer's
     * processor drives the tracee to another.
     */
    static final int LOOK_MILLIS = MILLIS / 2;
    /** Looks at which nothing was called: then it takes a call to have more. */
    private static final int FRUITLESS = 4;

    private static final int GETTID = Arch.X86_64.syscalls().nr("gettid");
    private static final int TGKILL = Arch.X86_64.syscalls().nr("tgkill");

    /** Of the calls that may wait until this runs out. */
    final SlowCalls slowCalls = new SlowCalls();

    private Watchman watchman;
    private boolean impossible;
    /** Begins and ends: an odd number while a call is under way. Written by the thread that waits alone. */
    private volatile int turns;
    /** From before a last look at {@link #turns} until a signal is sent. */
    private volatile boolean striking;

    /** @return false if the waits of this thread cannot be ended: nothing may be called that could wait */
    boolean begin() {
        if (!prepare()) {
            return false;
        }
        turns = turns + 1;
        if (watchman.asleep) {
            LockSupport.unpark(watchman);
        }
        return true;
    }

    void end() {
        turns = turns + 1;
        if (striking) {
            // A signal is on its way that may come too late: no other call is to be interrupted by it.
            while (striking) {
                Thread.onSpinWait();
            }
            Libc.SYSCALL.call(GETTID, 0, 0, 0, 0, 0);
        }
    }

    /** Before this thread is bound to a processor or made to give way, which whom it starts would be too. @return as {@link #begin} */
    boolean prepare() {
        if (watchman == null && !impossible) {
            impossible = !start();
        }
        return !impossible;
    }

    /** From now on it interrupts a call, and does nothing else. @return false if it cannot be caught */
    static boolean catchSignal() {
        long action = NativeMemory.allocate(SIGACTION_BYTES);
        NativeMemory.IO.putLong(action, HANDLER.address());
        return Libc.SIGACTION.call(SIGNAL, action, 0) == 0;
    }

    private boolean start() {
        if (!catchSignal()) {
            return false;
        }
        watchman = new Watchman(OwnProcess.PID, (int) Libc.SYSCALL.call(GETTID, 0, 0, 0, 0, 0));
        try {
            watchman.start();
            return true;
        } catch (OutOfMemoryError e) {
            return false; // the user's limit of processes
        }
    }

    private final class Watchman extends Thread {
        private final int process;
        private final int thread;
        /** It takes {@link LockSupport#unpark} to have it look. */
        private volatile boolean asleep;

        Watchman(int process, int thread) {
            super("patience");
            setDaemon(true);
            this.process = process;
            this.thread = thread;
        }

        @Override
        public void run() {
            int seen = turns;
            for (int fruitless = 0; ; ) {
                LockSupport.parkNanos(LOOK_MILLIS * 1_000_000L);
                int now = turns;
                fruitless = now == seen ? fruitless + 1 : 0;
                if (now == seen && (now & 1) != 0) {
                    strike(now);
                } else if (fruitless > FRUITLESS) {
                    asleep = true;
                    if (turns == now) {
                        LockSupport.park();
                    }
                    asleep = false;
                    fruitless = 0;
                }
                seen = now;
            }
        }

        private void strike(int turn) {
            striking = true;
            try {
                if (turns == turn) {
                    Libc.SYSCALL.call(TGKILL, process, thread, SIGNAL, 0, 0);
                }
            } finally {
                striking = false;
            }
        }
    }
}
