package org.secfilt.tracer;

import org.secfilt.kernel.Affinity;
import org.secfilt.kernel.Tracees;

/**
 * Where the tracer thread runs: on the processor of the tracee that keeps stopping. Answering a stop from another processor must
 * first wake that one up, which costs five times the stop itself. Only the tracer's own affinity changes, never a tracee's.
 */
final class Placement {
    /** So many stops of one tracee in a row are a habit. */
    private static final int HABIT = 8;
    /** The scheduler may move the tracee; looking costs as much as a stop, so it is done this rarely. */
    private static final int LOOK_EVERY = 128;

    private final Affinity affinity;
    private final Tracees tracees;
    private int tid;
    private int streak;
    private int pinned = -1;

    Placement(Affinity affinity, Tracees tracees) {
        this.affinity = affinity;
        this.tracees = tracees;
    }

    /** Called once for each judged call, before the tracee goes on. */
    void stopped(int stoppedTid) {
        if (stoppedTid != tid) {
            tid = stoppedTid;
            streak = 0;
            if (pinned >= 0) {
                affinity.release();
                pinned = -1;
            }
            return;
        }
        streak++;
        if (streak == HABIT || streak % LOOK_EVERY == 0) {
            int processor = tracees.processor(tid);
            if (processor >= 0 && processor != pinned) {
                affinity.pin(processor);
                pinned = processor;
            }
        }
    }
}
