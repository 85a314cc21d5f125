package org.secfilt.tracer;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.TraceeStatus;

/**
 * Waits until no thread of the run is in the midst of looking at a socket's peer. It sleeps nowhere there, so one that sleeps, or stands in a stop,
 * is not; of one that runs that cannot be told, and it is interrupted: it stops on its way out of the kernel. Its stop is answered as any
 * that nobody asked for. Tracer thread only.
 */
final class Senders {
    private static final long PATIENCE_NANOS = 200_000_000;
    private static final long PAUSE_NANOS = 20_000;

    private final Ptrace ptrace;
    private final TraceeStatus status;
    private final Tasks tasks;

    Senders(Ptrace ptrace, TraceeStatus status, Tasks tasks) {
        this.ptrace = ptrace;
        this.status = status;
        this.tasks = tasks;
    }

    /** @return false if one could not be made to stop in time, as one that higher priorities keep from running */
    boolean haveGone(Task caller) {
        List<Integer> running = new ArrayList<>();
        for (int tid : tasks.numbers()) {
            if (tid != caller.tid && status.isRunning(tid)) {
                ptrace.interrupt(tid);
                running.add(tid);
            }
        }
        long begun = System.nanoTime();
        while (!running.isEmpty()) {
            for (int i = running.size() - 1; i >= 0; i--) {
                if (!status.isRunning(running.get(i))) {
                    running.remove(i);
                }
            }
            if (!running.isEmpty()) {
                if (System.nanoTime() - begun > PATIENCE_NANOS) {
                    return false;
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        return true;
    }
}
