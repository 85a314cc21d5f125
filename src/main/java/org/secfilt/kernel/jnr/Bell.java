package org.secfilt.kernel.jnr;

import java.util.concurrent.locks.LockSupport;
import org.secfilt.abi.Arch;

/**
 * Ends the wait of one thread, its owner, from others: waitid(2) then is EINTR. No other call of the owner's is interrupted.
 *
 * <p>A signal can come before the owner waits: so whoever rings does it again until it was heard.
 */
final class Bell {
    private static final long AGAIN_NANOS = 50_000;
    private static final int GETTID = Arch.X86_64.syscalls().nr("gettid");
    private static final int TGKILL = Arch.X86_64.syscalls().nr("tgkill");

    private final int process = OwnProcess.PID;
    private int owner;
    /** Between {@link #begin} and {@link #end}. */
    private volatile boolean waiting;
    private volatile boolean rung;
    /** From before a last look at the others until a signal is sent. */
    private volatile boolean striking;

    /** Of the owner: it is about to wait. @return false if it had better not, for somebody has rung already; {@link #end} is due all the same */
    boolean begin() {
        if (owner == 0) {
            owner = (int) Libc.SYSCALL.call(GETTID, 0, 0, 0, 0, 0);
            Patience.catchSignal();
        }
        waiting = true;
        return !rung;
    }

    /** Of the owner: it does not wait any more. @return whether somebody has rung since this was last asked */
    boolean end() {
        waiting = false;
        boolean heard = rung;
        rung = false;
        if (heard) {
            while (striking) {
                Thread.onSpinWait();
            }
            Libc.SYSCALL.call(GETTID, 0, 0, 0, 0, 0); // a signal that is on its way comes here
        }
        return heard;
    }

    /** By any other thread. Returns when the owner has heard, or does not wait: then it hears before it does. */
    synchronized void ring() {
        rung = true;
        while (rung && waiting) {
            striking = true;
            if (rung && waiting) {
                Libc.SYSCALL.call(TGKILL, process, owner, Patience.SIGNAL, 0, 0);
            }
            striking = false;
            if (rung && waiting) {
                LockSupport.parkNanos(AGAIN_NANOS);
            }
        }
    }
}
